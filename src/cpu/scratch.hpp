// What one thread needs to run parts of a launch: temporaries and argument tables, made once and reused.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <vector>

#include <busfare/cpu_code.hpp>

#include "cpu/plan.hpp"

namespace busfare::cpu {

/// Bytes aligned to 64, freed with it. Content is unspecified. Throws std::bad_alloc.
class aligned_bytes {
 public:
  explicit aligned_bytes(std::size_t bytes)
      : data_(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}))) {}
  [[nodiscard]] std::byte* data() const noexcept { return data_.get(); }

 private:
  struct release {
    void operator()(std::byte* p) const noexcept { ::operator delete (p, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, release> data_;
};

/// One launch, as all its parts see it.
struct frame {
  std::vector<std::byte*> address;  ///< per parameter: element 0, the value, or the table; null for numbers
  std::vector<std::uint64_t> size;  ///< per parameter: elements of a table
  std::vector<std::uint64_t> numbers;  ///< of all steps, in order
  std::vector<char> shadowed;          ///< per parameter: the result goes to scratch first
  bool any_shadow = false;
  bool stream = false;
  std::uint64_t shape[3] = {1, 1, 1};
  std::uint64_t first = 0, count = 0;
  std::uint64_t grain = 1;  ///< parts begin and end at multiples of it, or at the end
};

/// A pointer that moves with the elements of a launch.
struct moving {
  std::size_t which;  ///< of `in` or `out`
  std::byte* base;    ///< element 0 of its launch or tree block
  std::size_t stride;
  bool tree;  ///< counts from the start of the tree block
};

/// Tables lie in memory of their own, in whole cache lines: threads write them once a block, and two of them
/// in one line would wait for each other.
struct scratch {
  explicit scratch(const plan& p)
      : memory(p.scratch_bytes + line),
        tables(room<std::byte*>(p.slots.size()) + room<place>(p.slots.size()) +
               room<cpu_operand>(p.in.size()) + room<std::byte*>(p.out.size()) +
               2 * room<std::byte*>(p.fold_slots.size()) + room<cpu_block>(p.steps.size()) +
               room<moving>(p.in.size()) + room<moving>(p.out.size()) + room<moving>(p.parameters) +
               room<cpu_link>(p.links.size() + 1) + room<const std::byte*>(p.in.size())) {
    std::byte* at = tables.data();
    carve(at, base, p.slots.size());
    carve(at, where, p.slots.size());
    carve(at, in, p.in.size());
    carve(at, out, p.out.size());
    carve(at, fold_in, p.fold_slots.size());
    carve(at, fold_out, p.fold_slots.size());
    carve(at, blocks, p.steps.size());
    carve(at, moving_in, p.in.size());
    carve(at, moving_out, p.out.size());
    carve(at, fetched, p.parameters);
    carve(at, links, p.links.size() + 1);
    carve(at, link_arrays, p.in.size());
  }

  static constexpr std::size_t line = 64;
  aligned_bytes memory;        ///< temporaries, as the plan's slots say
  aligned_bytes tables;        ///< what the spans hold
  std::span<std::byte*> base;  ///< per slot, for the launch under way
  std::span<place> where;
  std::span<cpu_operand> in;  ///< of all steps, in order
  std::span<std::byte*> out;
  std::span<const std::byte*> fold_in;
  std::span<std::byte*> fold_out;
  std::span<cpu_block> blocks;              ///< what each step is given
  std::span<moving> moving_in, moving_out;  ///< the first `moving_ins` and `moving_outs` hold for the launch
  std::span<moving> fetched;                ///< arrays that are read from memory, the first `fetched_count`
  std::span<cpu_link> links;                ///< of a chain in registers; the last one stores
  std::span<const std::byte*> link_arrays;  ///< per argument of all steps: element 0
  std::size_t moving_ins = 0, moving_outs = 0, fetched_count = 0;

 private:
  template <class T> static constexpr std::size_t room(std::size_t n) {
    return (n * sizeof(T) + line - 1) / line * line;
  }
  template <class T> static void carve(std::byte*& at, std::span<T>& table, std::size_t n) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= line);
    T* const first = reinterpret_cast<T*>(at);
    std::uninitialized_value_construct_n(first, n);
    table = {first, n};
    at += room<T>(n);
  }
};

/// As many scratches as a pool has threads; each is made when it is first wanted.
class scratch_set {
 public:
  scratch_set(const plan& p, unsigned threads) : plan_(p), cells_(new cell[threads]), threads_(threads) {
    cells_[0].content = std::make_unique<scratch>(p);
  }

  /// Holds one scratch until it is destroyed. At most `threads` leases live at a time. Throws std::bad_alloc.
  class lease {
   public:
    explicit lease(scratch_set& set) : cell_(set.take()) {}
    ~lease() { cell_.busy.store(false, std::memory_order_release); }
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    [[nodiscard]] scratch& get() const noexcept { return *cell_.content; }

   private:
    friend class scratch_set;
    struct alignas(64) cell_type {
      std::atomic<bool> busy{false};
      std::unique_ptr<scratch> content;
    };
    cell_type& cell_;
  };

 private:
  using cell = lease::cell_type;

  cell& take() {
    for (unsigned i = 0;; i = i + 1 == threads_ ? 0 : i + 1) {
      cell& c = cells_[i];
      if (c.busy.load(std::memory_order_relaxed) || c.busy.exchange(true, std::memory_order_acquire))
        continue;
      if (c.content == nullptr) {
        try {
          c.content = std::make_unique<scratch>(plan_);
        } catch (...) {
          c.busy.store(false, std::memory_order_release);
          throw;
        }
      }
      return c;
    }
  }

  const plan& plan_;
  std::unique_ptr<cell[]> cells_;
  unsigned threads_;
};

}  // namespace busfare::cpu
