// The recorded graph: arrays and the nodes that will compute them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <busfare/backend/executable.hpp>
#include <busfare/detail/record.hpp>
#include <busfare/native_kernel.hpp>

#include "core/few.hpp"
#include "core/stale_ranges.hpp"

namespace busfare::core {

/// One recorded operation: a map (or generate), or a fold to rank 0. Immutable after recording.
struct node {
  const detail::map_kernel* map = nullptr;
  const detail::fold_kernel* fold = nullptr;
  options how;
  source_line line;
  extents shape;  ///< of a map: of its results; of a fold: of its components
  few<detail::map_argument, 3> arguments;
  std::vector<detail::window_radii> radii;  ///< of the map's windows, for check mode
  few<std::weak_ptr<detail::array_state>, 1> outputs;
  std::span<const type> output_types;  ///< the kernel's
  std::uint64_t output_bytes = 0;
  native_cost cost;         ///< of a hand-written kernel, per element
  std::uint32_t depth = 1;  ///< unrun nodes on the longest way down, this one included

  node();
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;
};

/// A copy of an array in the memory of one device.
struct replica {
  int device = -1;  ///< index in the list of devices
  backend::block memory;
  bool adopted = false;  ///< it is the array's own host memory
  bool foreign = false;  ///< the user's device memory: never released, spared or written by this library
  std::shared_ptr<const void> owner = {};  ///< foreign: what keeps it alive, if anything does
  stale_ranges stale = {};                 ///< what the host's contents, which are valid then, have newer
};

/// Counters of nodes that wait; what bounded laziness looks at. Lock-free. `bytes`: of nodes whose results
/// are large, since many small ones reach the bound of the count first.
struct lazy_counts {
  std::atomic<std::uint64_t> recorded{0}, gone{0}, bytes{0};
  [[nodiscard]] std::uint64_t nodes() const noexcept {
    // In this order: whoever is seen to be gone is seen to have been recorded.
    const std::uint64_t ended = gone.load(std::memory_order_acquire);
    return recorded.load(std::memory_order_relaxed) - ended;
  }
};
inline constexpr std::uint64_t large_bytes = std::uint64_t{1} << 16;
lazy_counts& lazy();

/// Hands replicas of dying arrays back to their device, at its next run. Any thread.
void release_later(const replica& r, std::shared_ptr<const void> keep_alive) noexcept;

}  // namespace busfare::core

namespace busfare::detail {

/// An array: its shape, and wherever its contents are. Everything but the atomics is guarded by the run lock
/// once a handle is shared; `shape`, `element` and `line` never change.
class array_state {
 public:
  array_state(type t, const extents& s, source_line l)
      : element(t), shape(s), bytes(s.bytes(size_of(t))), line(l) {}
  ~array_state();
  array_state(const array_state&) = delete;
  array_state& operator=(const array_state&) = delete;

  const type element;
  const extents shape;
  const std::size_t bytes;
  const source_line line;

  std::atomic<bool> on_host{false};      ///< `host` holds the contents; never goes back to false
  std::atomic<std::uint32_t> depth{0};   ///< of the producer; 0: computed
  std::shared_ptr<const void> host;      ///< memory, if any; contents valid only with on_host
  std::vector<core::replica> replicas;   ///< valid ones
  std::shared_ptr<core::node> producer;  ///< null when the contents exist

  // Versions: `array::write` gives its handle a new state. What follows is set before a handle is shared, but
  // for `open`.
  std::uint64_t version = 1;
  source_line written;                ///< of the write that made this version; line 0 in version 1
  bool taken_over = false;            ///< that write kept the buffer of the version before
  std::atomic<bool> open{false};      ///< a write view fills this version: nobody else may look
  std::thread::id writer;             ///< the thread that opened it
  std::atomic<bool> borrowed{false};  ///< `host` is the caller's memory, under a lease
  bool lost = false;                  ///< a lease ended with no memory for a copy; guarded by the run lock
};

}  // namespace busfare::detail
