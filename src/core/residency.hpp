// Getting an array's contents to where they are needed, and remembering what that took.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <busfare/receipt.hpp>

#include "core/devices.hpp"
#include "core/graph.hpp"

namespace busfare::core {

/// Work handed to queues during one run, and the marks that tell when it is done and how long it took.
class run_log {
 public:
  struct mark {
    std::unique_ptr<backend::event> event;
    device_slot* slot;
    lane on;
    std::size_t row;  ///< in transfers or steps
  };
  std::vector<transfer> transfers;
  std::vector<plan_step> steps;
  std::vector<mark> marks;
  std::vector<std::unique_ptr<backend::event>> awaited;              ///< ends that have no times to tell
  std::vector<std::pair<device_slot*, backend::block>> temporaries;  ///< given back when the run is over
  /// Memory of results that the run needs no more; work that is queued may still use it.
  struct idle_room {
    device_slot* slot;
    std::size_t bytes;  ///< of the array
    replica memory;
    std::shared_ptr<const void> host;  ///< where the device shares the host's memory
  };
  std::vector<idle_room> idle;
  std::vector<detail::array_handle> held;  ///< alive until then
  std::vector<std::pair<detail::array_handle, device_slot*>>
      brought;  ///< replicas that this log's uploads make

  explicit run_log(std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now())
      : began(start) {}

  std::chrono::steady_clock::time_point began;  ///< spans count from here

  /// Waits for everything and fills in measured times. Throws the first error of the queued work.
  void settle(busfare::trace& trace);
  /// Gives temporaries back. After settle, or after a failure.
  void release() noexcept;
  /// After a failure and `release`: an upload may have failed, so no replica that was to come of one is
  /// believed.
  void disown() noexcept;
  ~run_log() { release(); }

 private:
  bool settled_ = false;
};

/// "file.cpp:12", for people.
std::string at_line(const source_line& l);

/// Throws `e` with the user's line and the device, which an error from below seldom knows.
[[noreturn]] void throw_at(const error& e, const device_slot& slot, const source_line& line);
/// The curve that says what a crossing costs; null where nothing is known. `fence`: memory is shared and
/// nothing is copied.
const link_curve* link_for(const device_slot& slot, direction way, bool fence);
/// Who reads a device's memory. Kernels of the user's own may use vectors, and get whole lines as they do
/// from any driver; our texts read elements.
enum class memory_reader : std::uint8_t { our_text, user_code };

constexpr memory_reader reader_of(bool native_kernel) noexcept {
  return native_kernel ? memory_reader::user_code : memory_reader::our_text;
}

/// Whether the array's host memory (null: what core will allocate) can be used by the device in place.
bool shared_in_place(const device_slot& slot, const void* host, std::size_t bytes, memory_reader by);

/// Device memory for `bytes` bytes, from the slot's spare blocks or new. Throws out_of_memory after spare
/// blocks were dropped.
backend::block take_block(device_slot& slot, std::size_t bytes);
void give_block(device_slot& slot, const backend::block& b) noexcept;
/// The memory of a replica: spared, or released where it is the array's own host memory; what is the user's
/// is left alone.
void give_replica(device_slot& slot, const replica& r) noexcept;
/// Hands back what arrays that died since the last run left.
void drain_released(device_slot& slot) noexcept;

/// The memory of `a` on the device, with its contents there, as `by` may read it. `cause`: whose input it is.
backend::block bring_to(device_slot& slot, const detail::array_handle& a, const std::string& cause,
                        run_log& log, memory_reader by = memory_reader::our_text);
/// The contents on the host. Waits for the work that produces them.
void bring_home(const detail::array_handle& a, const std::string& cause, run_log& log);
/// The contents into `to`, the caller's memory of a->bytes bytes, from a device that has them; the array does
/// not gain a host replica. Waits.
void bring_out(const detail::array_handle& a, void* to, const std::string& cause, run_log& log);
/// Memory for a result; nothing in it yet. The replica is valid once the run succeeded.
backend::block make_room(device_slot& slot, const detail::array_handle& a);

}  // namespace busfare::core
