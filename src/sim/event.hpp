// Completion on the virtual clock.
#pragma once

#include <memory>
#include <optional>

#include <busfare/backend/event.hpp>

#include "sim/clock.hpp"

namespace busfare::sim {

/// The work itself was done when it was queued; only its time is still to come. `wait` therefore never
/// blocks: it moves the clock.
class event final : public backend::event {
 public:
  /// `last` < 0: nothing was ever queued. `first` < 0: nothing since the previous mark.
  event(std::shared_ptr<virtual_clock> clock, model::task_id first, model::task_id last);
  ~event() override;
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  bool done() override;
  bool wait(std::chrono::nanoseconds deadline) override;
  std::optional<backend::span_ns> times() override;

  [[nodiscard]] model::task_id last() const noexcept { return last_; }

 private:
  std::shared_ptr<virtual_clock> clock_;
  model::task_id first_, last_;
};

}  // namespace busfare::sim
