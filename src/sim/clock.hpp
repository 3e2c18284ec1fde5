// The virtual clock of one simulated device.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <string_view>

#include <busfare/backend/event.hpp>
#include <busfare/profile.hpp>

#include "model/timeline.hpp"

namespace busfare::sim {

/// The timeline of one device behind a lock, because events may be waited for by any thread. Whoever waits,
/// or reads times, moves the clock. Outlives all queues and events of its device.
class virtual_clock {
 public:
  virtual_clock(const device_profile& profile, int core_group);

  model::task_id copy(direction way, std::string_view memory, std::uint64_t bytes,
                      std::span<const model::task_id> after);
  model::task_id kernel(double seconds, std::span<const model::task_id> after);
  void host(double seconds);

  /// A poll: true when the task has ended. Else the host's polling lets time pass to the next end of any
  /// task, so that a loop of polls always comes to an end.
  bool poll(model::task_id task);
  /// Moves the clock to the task's end.
  void wait(model::task_id task);
  /// From the start of one task to the end of another; waits for both.
  backend::span_ns span(model::task_id first, model::task_id last);

  /// Times of tasks from this one on stay known until `unpin`.
  void pin(model::task_id task);
  void unpin(model::task_id task) noexcept;

 private:
  void forget_old();

  std::mutex mutex_;
  model::timeline timeline_;
  std::multiset<model::task_id> pins_;
  model::task_id forget_at_ = 1 << 14;
};

}  // namespace busfare::sim
