// An in-order queue of work on one engine of a device.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <busfare/backend/event.hpp>
#include <busfare/backend/executable.hpp>

namespace busfare::backend {

enum class engine : std::uint8_t { compute, upload, download };

/// In order; used by one thread at a time. Calls may return before the work is done. Memory named in a call
/// stays alive until an event marked later is done. Errors throw `busfare::error`, here or from a later
/// event.
class queue {
 public:
  virtual ~queue() = default;
  /// Copies bytes. Either side may be pageable host memory. Where both sides name one mapped memory it is a
  /// fence: what `from`'s side wrote becomes visible to `to`'s side (host to device or back).
  virtual void copy(const block& to, const block& from, std::size_t bytes) = 0;
  /// Launches; arguments are checked by the caller.
  virtual void run(executable& what, const launch& how) = 0;
  /// Runs, and returns when it is done, for who wants neither an event nor times of it. Nothing queued waits.
  virtual void run_now(executable& what, const launch& how) {
    run(what, how);
    flush();
    const std::unique_ptr<event> done = mark();
    while (!done->wait(std::chrono::seconds(1))) {
    }
  }
  /// Later work of this queue starts after `e`, which may belong to another queue of the same device.
  virtual void wait_for(event& e) = 0;
  /// An event that is done when everything queued so far is.
  virtual std::unique_ptr<event> mark() = 0;
  /// Hands everything queued to the device. Does not block.
  virtual void flush() = 0;
  /// The vendor's queue (cl_command_queue, CUstream); null where there is none.
  virtual void* native() = 0;
};

}  // namespace busfare::backend
