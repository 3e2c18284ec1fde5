// The event engine: see engine.hpp.
#include "model/engine.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <busfare/error.hpp>

namespace busfare::model {

nanoseconds to_nanoseconds(double seconds) noexcept {
  if (!(seconds > 0)) return 0;
  constexpr double most = 4.6e18;
  return static_cast<nanoseconds>(std::min(std::round(seconds * 1e9), most));
}

server_id engine::add_server() {
  servers_.emplace_back();
  return static_cast<server_id>(servers_.size() - 1);
}

void engine::pair(server_id a, server_id b, double factor_a, double factor_b) {
  const auto n = static_cast<server_id>(servers_.size());
  const auto good = [](double f) { return f > 0 && f <= 1; };
  if (a < 0 || b < 0 || a >= n || b >= n || a == b || !good(factor_a) || !good(factor_b))
    throw error(error_class::invalid_argument, "a link needs two servers and duplex factors in (0, 1]");
  server& sa = servers_[static_cast<std::size_t>(a)];
  server& sb = servers_[static_cast<std::size_t>(b)];
  sa.partner = b;
  sb.partner = a;
  sa.factor = factor_a;
  sb.factor = factor_b;
}

void engine::check(task_id id) const {
  if (id < 0 || id >= next_id())
    throw error(error_class::invalid_argument, "the event engine has no task " + std::to_string(id));
}

task_id engine::submit(server_id server_index, nanoseconds duration, std::span<const task_id> after,
                       nanoseconds not_before) {
  if (server_index < 0 || server_index >= static_cast<server_id>(servers_.size()))
    throw error(error_class::invalid_argument,
                "the event engine has no server " + std::to_string(server_index));
  for (const task_id id : after) check(id);
  const task_id me = next_id();
  task t;
  t.server = server_index;
  t.remaining = static_cast<double>(std::max<nanoseconds>(duration, 0));
  t.ready = std::max(not_before, now_);  // what was reported up to now stays true
  for (const task_id id : after) {
    if (id < base_) continue;  // forgotten: it has ended
    task& before = at(id);
    if (before.at == state::done) continue;  // by now, so that `ready` covers it
    before.dependents.push_back(me);
    ++t.missing;
  }
  if (t.missing == 0) t.at = state::ready;
  const ready_entry entry{t.ready, me};
  const bool is_ready = t.missing == 0;
  tasks_.push_back(std::move(t));
  if (is_ready) servers_[static_cast<std::size_t>(server_index)].ready.push(entry);
  return me;
}

double engine::rate(const server& s) const {
  if (s.partner < 0 || servers_[static_cast<std::size_t>(s.partner)].active < 0) return 1;
  return s.factor;
}

// Subtracts the work done since the last change of rates.
void engine::settle(server& s) {
  if (s.active < 0) return;
  task& t = at(s.active);
  t.remaining = std::max(0.0, t.remaining - static_cast<double>(now_ - s.since) * rate(s));
  s.since = now_;
}

void engine::retime(server& s) {
  if (s.active < 0) return;
  // A hair below a whole number must not cost a whole nanosecond.
  s.end = now_ + static_cast<nanoseconds>(std::ceil(at(s.active).remaining / rate(s) - 1e-6));
}

void engine::start_ready() {
  for (server& s : servers_) {
    if (s.active >= 0 || s.ready.empty() || s.ready.top().first > now_) continue;
    server* partner = s.partner < 0 ? nullptr : &servers_[static_cast<std::size_t>(s.partner)];
    if (partner != nullptr) settle(*partner);  // at the rate it had alone
    s.active = s.ready.top().second;
    s.ready.pop();
    task& t = at(s.active);
    t.at = state::active;
    t.times.start = now_;
    s.since = now_;
    retime(s);
    if (partner != nullptr) retime(*partner);
  }
}

std::optional<nanoseconds> engine::next_event() const {
  std::optional<nanoseconds> next;
  for (const server& s : servers_) {
    std::optional<nanoseconds> t;
    if (s.active >= 0)
      t = s.end;
    else if (!s.ready.empty())
      t = s.ready.top().first;
    if (t && (!next || *t < *next)) next = t;
  }
  return next;
}

void engine::complete(server& s) {
  const task_id id = s.active;
  server* partner = s.partner < 0 ? nullptr : &servers_[static_cast<std::size_t>(s.partner)];
  if (partner != nullptr) settle(*partner);  // at the shared rate
  s.active = -1;
  task& t = at(id);
  t.at = state::done;
  t.remaining = 0;
  t.times.end = now_;
  last_end_ = std::max(last_end_, now_);
  s.busy += now_ - t.times.start;
  if (partner != nullptr) retime(*partner);
  for (const task_id next : t.dependents) {
    task& d = at(next);
    d.ready = std::max(d.ready, now_);
    if (--d.missing == 0) {
      d.at = state::ready;
      servers_[static_cast<std::size_t>(d.server)].ready.emplace(d.ready, next);
    }
  }
  t.dependents = {};
}

// Moves to t, which is at most the next event; returns how many tasks ended there.
int engine::move_to(nanoseconds t) {
  now_ = t;
  int ended_here = 0;
  for (server& s : servers_)
    if (s.active >= 0 && s.end <= now_) {
      complete(s);
      ++ended_here;
    }
  return ended_here;
}

bool engine::step() {
  for (;;) {
    start_ready();
    const std::optional<nanoseconds> next = next_event();
    if (!next) return false;
    if (move_to(std::max(*next, now_)) > 0) return true;
  }
}

nanoseconds engine::run() {
  while (step()) {
  }
  return last_end_;
}

void engine::advance(nanoseconds to) {
  for (;;) {
    start_ready();
    const std::optional<nanoseconds> next = next_event();
    if (!next || *next > to) break;
    move_to(std::max(*next, now_));
  }
  if (to > now_) now_ = to;
}

std::optional<task_times> engine::ended(task_id id) const {
  check(id);
  if (id < base_)
    throw error(error_class::internal, "the times of task " + std::to_string(id) + " were dropped");
  const task& t = at(id);
  if (t.at != state::done) return std::nullopt;
  return t.times;
}

task_times engine::finish(task_id id) {
  for (;;) {
    if (const std::optional<task_times> times = ended(id)) return *times;
    // Dependencies exist before their dependents, so that there is always a next step.
    if (!step()) throw error(error_class::internal, "the event engine stands still");
  }
}

nanoseconds engine::busy(server_id id) const {
  if (id < 0 || id >= static_cast<server_id>(servers_.size()))
    throw error(error_class::invalid_argument, "the event engine has no server " + std::to_string(id));
  return servers_[static_cast<std::size_t>(id)].busy;
}

void engine::forget(task_id limit) {
  while (!tasks_.empty() && base_ < limit && tasks_.front().at == state::done) {
    tasks_.pop_front();
    ++base_;
  }
}

}  // namespace busfare::model
