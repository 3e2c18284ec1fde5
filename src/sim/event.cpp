// Completion on the virtual clock: see event.hpp.
#include "sim/event.hpp"

#include <utility>

namespace busfare::sim {

event::event(std::shared_ptr<virtual_clock> clock, model::task_id first, model::task_id last)
    : clock_(std::move(clock)), first_(first), last_(last) {
  if (last_ >= 0) clock_->pin(first_ >= 0 ? first_ : last_);
}

event::~event() {
  if (last_ >= 0) clock_->unpin(first_ >= 0 ? first_ : last_);
}

bool event::done() { return last_ < 0 || clock_->poll(last_); }

bool event::wait(std::chrono::nanoseconds) {
  if (last_ >= 0) clock_->wait(last_);
  return true;
}

std::optional<backend::span_ns> event::times() {
  if (first_ < 0) return std::nullopt;
  return clock_->span(first_, last_);
}

}  // namespace busfare::sim
