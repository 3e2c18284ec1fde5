// The virtual clock: see clock.hpp.
#include "sim/clock.hpp"

namespace busfare::sim {

namespace {
constexpr int only = 0;  // one device per timeline
}

virtual_clock::virtual_clock(const device_profile& profile, int core_group) {
  timeline_.add_device(profile, core_group);
}

model::task_id virtual_clock::copy(direction way, std::string_view memory, std::uint64_t bytes,
                                   std::span<const model::task_id> after) {
  const std::lock_guard lock(mutex_);
  forget_old();
  return timeline_.copy(only, way, memory, bytes, after);
}

model::task_id virtual_clock::kernel(double seconds, std::span<const model::task_id> after) {
  const std::lock_guard lock(mutex_);
  forget_old();
  return timeline_.kernel(only, seconds, after);
}

void virtual_clock::host(double seconds) {
  const std::lock_guard lock(mutex_);
  const model::task_id t = timeline_.host(seconds);
  timeline_.events().finish(t);
}

bool virtual_clock::poll(model::task_id task) {
  const std::lock_guard lock(mutex_);
  if (timeline_.events().ended(task)) return true;
  timeline_.events().step();
  return timeline_.events().ended(task).has_value();
}

void virtual_clock::wait(model::task_id task) {
  const std::lock_guard lock(mutex_);
  timeline_.events().finish(task);
}

backend::span_ns virtual_clock::span(model::task_id first, model::task_id last) {
  const std::lock_guard lock(mutex_);
  return {timeline_.events().finish(first).start, timeline_.events().finish(last).end};
}

void virtual_clock::pin(model::task_id task) {
  const std::lock_guard lock(mutex_);
  pins_.insert(task);
}

void virtual_clock::unpin(model::task_id task) noexcept {
  const std::lock_guard lock(mutex_);
  if (const auto at = pins_.find(task); at != pins_.end()) pins_.erase(at);
}

// A long run must not remember every task: what no event can ask for any more is dropped now and then.
void virtual_clock::forget_old() {
  model::engine& events = timeline_.events();
  if (events.next_id() < forget_at_) return;
  events.forget(pins_.empty() ? events.next_id() : *pins_.begin());
  forget_at_ = events.next_id() + (1 << 14);
}

}  // namespace busfare::sim
