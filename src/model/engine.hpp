// The one event engine: it predicts plans, it is the clock of simulated devices, it draws timelines.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <queue>
#include <span>
#include <utility>
#include <vector>

namespace busfare::model {

/// Integer time on the engine's axis, so that equal inputs give equal schedules on every machine.
using nanoseconds = std::int64_t;

/// Rounds; negative and NaN give 0, what does not fit gives about 146 years.
nanoseconds to_nanoseconds(double seconds) noexcept;
constexpr double to_seconds(nanoseconds t) noexcept { return static_cast<double>(t) * 1e-9; }

/// Names a task; valid for the engine that made it, counts up from 0.
using task_id = std::int64_t;
using server_id = int;

/// Start and end of a task.
struct task_times {
  nanoseconds start = 0, end = 0;
};

/// Servers that work on one task at a time, without preemption. A free server takes, among the tasks whose
/// dependencies have ended, the one that became ready first, ties by submission number. Paired servers (the
/// two directions of a link) slow each other down by factors while both are busy: rates are recomputed and
/// remaining work is re-timed whenever one of them starts or ends (a fluid model).
///
/// May be used in one go (submit everything, `run`) or as a clock (`submit` what is known, `finish` what is
/// waited for): a task that is submitted later never starts before `now()`, so that nothing reported changes.
/// A value without locks: one thread at a time. Costs about O(log n) per task.
class engine {
 public:
  server_id add_server();
  /// Two directions of one link. Factors in (0, 1]: the rate while the other is busy / the rate alone.
  void pair(server_id a, server_id b, double factor_a, double factor_b);

  /// A task of `duration` (as long as its server runs at its full rate) that starts after all of `after` and
  /// not before `not_before`. Throws invalid_argument for unknown servers or tasks.
  task_id submit(server_id server, nanoseconds duration, std::span<const task_id> after = {},
                 nanoseconds not_before = 0);

  /// Moves the clock to the task's end (not at all when it has ended) and tells its times.
  task_times finish(task_id task);
  /// The task's times where it has ended by now; does not move the clock.
  [[nodiscard]] std::optional<task_times> ended(task_id task) const;
  /// Moves the clock to the next end of any task; false when nothing is left to do.
  bool step();
  /// Moves the clock until everything submitted has ended; returns `makespan()`.
  nanoseconds run();
  /// Moves the clock forward (never back), ending what ends on the way.
  void advance(nanoseconds to);

  [[nodiscard]] nanoseconds now() const noexcept { return now_; }
  /// The latest end so far.
  [[nodiscard]] nanoseconds makespan() const noexcept { return last_end_; }
  /// Time that the server has spent on tasks that have ended.
  [[nodiscard]] nanoseconds busy(server_id server) const;

  /// Drops the records of ended tasks below `limit` as far as they form a prefix: later dependencies on them
  /// count as ended, their times can no longer be asked for.
  void forget(task_id limit);
  [[nodiscard]] task_id next_id() const noexcept { return base_ + static_cast<task_id>(tasks_.size()); }

 private:
  enum class state : std::uint8_t { waiting, ready, active, done };
  struct task {
    server_id server = 0;
    state at = state::waiting;
    int missing = 0;        // dependencies that have not ended
    nanoseconds ready = 0;  // the latest of: not_before, ends of dependencies
    double remaining = 0;   // nominal nanoseconds of work that are left
    task_times times;
    std::vector<task_id> dependents;
  };
  using ready_entry = std::pair<nanoseconds, task_id>;
  struct server {
    std::priority_queue<ready_entry, std::vector<ready_entry>, std::greater<>> ready;
    task_id active = -1;
    server_id partner = -1;
    double factor = 1;      // of the rate while the partner is active
    nanoseconds since = 0;  // when `remaining` of the active task was last brought up to date
    nanoseconds end = 0;    // of the active task, at the present rate
    nanoseconds busy = 0;
  };

  task& at(task_id id) { return tasks_[static_cast<std::size_t>(id - base_)]; }
  [[nodiscard]] const task& at(task_id id) const { return tasks_[static_cast<std::size_t>(id - base_)]; }
  void check(task_id id) const;
  [[nodiscard]] double rate(const server& s) const;
  void settle(server& s);
  void retime(server& s);
  void start_ready();
  std::optional<nanoseconds> next_event() const;
  void complete(server& s);
  int move_to(nanoseconds t);

  std::vector<server> servers_;
  std::deque<task> tasks_;
  task_id base_ = 0;
  nanoseconds now_ = 0, last_end_ = 0;
};

}  // namespace busfare::model
