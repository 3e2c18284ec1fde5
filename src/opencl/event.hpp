// Completion and times of queued commands.
#pragma once

#include <busfare/backend/event.hpp>

#include "opencl/check.hpp"

namespace busfare::opencl {

/// Done when `last` is. Times come from the profiling clock of the device, moved onto the host's steady clock
/// by `clock_offset` nanoseconds, which the queue measured when it was opened: good to about half the time of
/// one small command, and to the drift of the two clocks since.
class event final : public backend::event {
 public:
  /// `first` is the first command of the span, empty where there was no work.
  event(const wall& w, queue_handle queue, event_handle first, event_handle last, std::int64_t clock_offset,
        bool has_clock)
      : wall_(w),
        queue_(std::move(queue)),
        first_(std::move(first)),
        last_(std::move(last)),
        clock_offset_(clock_offset),
        has_clock_(has_clock) {}

  bool done() override;
  bool wait(std::chrono::nanoseconds deadline) override;
  std::optional<backend::span_ns> times() override;

  [[nodiscard]] cl_event native() const noexcept { return last_.get(); }
  /// Hands the commands before this event to the device. Does not block.
  void flush();

 private:
  const wall& wall_;
  queue_handle queue_;
  event_handle first_, last_;
  std::int64_t clock_offset_;
  bool has_clock_;
};

/// What `finish` and `ended` give when `wall::longest_wait` has passed, and the device has been marked as
/// lost: a number that no driver uses.
inline constexpr cl_int hung_code = -4096;

/// clWaitForEvents and clFinish, but for `wall::longest_wait` at most: OpenCL's own waits have no end.
cl_int ended(const wall& w, cl_command_queue queue, cl_event e) noexcept;
cl_int finish(const wall& w, cl_command_queue queue) noexcept;
/// Waits for an event. Throws its command's error; timeout. `bytes`: what the wait is about; 0: no memory.
void await(const wall& w, cl_command_queue queue, cl_event e, std::uint64_t bytes = 0);

/// A profiling counter of a finished command in nanoseconds of the device's clock; 0 where it has none.
std::int64_t profiled_ns(cl_event e, cl_profiling_info which) noexcept;

}  // namespace busfare::opencl
