// Completion and time of queued work.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace busfare::backend {

/// Nanoseconds on the device's clock: the host's steady clock, or the virtual one of a simulated device.
struct span_ns {
  std::int64_t start = 0, end = 0;
};

/// Made by `queue::mark`. May be waited for by any thread; destroyed before its device.
class event {
 public:
  virtual ~event() = default;
  /// Does not block. Throws the classified error of the work before it.
  virtual bool done() = 0;
  /// Blocks; false when the deadline passed first. Throws as `done`; with nanoseconds::max() also timeout,
  /// when `services::longest_wait` has passed.
  virtual bool wait(std::chrono::nanoseconds deadline) = 0;
  /// From the start of the queue's first piece of work since the previous mark to the end of the last;
  /// nullopt when there was none or the device cannot tell. Only after completion.
  virtual std::optional<span_ns> times() = 0;
};

}  // namespace busfare::backend
