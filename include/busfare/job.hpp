// A run in the background: it reports how far it is, and can be stopped.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

#include <busfare/any_array.hpp>
#include <busfare/receipt.hpp>

namespace busfare {

/// How far a job is. Predicted times weigh its kernels against each other.
struct job_progress {
  int steps_done = 0, steps = 0;  ///< kernels; 0 of 0 until the job is planned
  double fraction = 0;            ///< of the work that is done, 0 to 1; never falls
  std::string what;               ///< the kernel that runs now: "map+map at blur.cpp:12"
};

namespace detail {
class job_state;  // core's
using job_handle = std::shared_ptr<job_state>;
using job_listener = std::function<void(const job_progress&)>;
}  // namespace detail

/// What `start` returns. A handle: copies speak of one job; any thread may call any member. A job goes on
/// when its last handle goes.
class BUSFARE_API job {
 public:
  /// No job: done, and `get` throws invalid_argument.
  job() = default;

  /// Whether the run is over, well or not. Does not block.
  [[nodiscard]] bool done() const;
  [[nodiscard]] job_progress progress() const;
  /// Asks the job to stop, as its stop_token does. It ends between two kernels, and on the cpu between parts
  /// of a large map, with an error of class cancelled; a job that has not begun ends at once. Does not block.
  void cancel() const;
  /// Blocks until it is over.
  void wait() const;
  /// False: not over after that time.
  [[nodiscard]] bool wait_for(std::chrono::nanoseconds time) const;
  /// Waits, then returns the receipt or throws what the run threw: an `error`, or what the listener threw.
  /// May be called again.
  [[nodiscard]] receipt get() const;

 private:
  friend BUSFARE_API job start_arrays(std::span<const detail::array_handle>, std::stop_token,
                                      detail::job_listener, source_line);
  detail::job_handle state_;
};
BUSFARE_API job start_arrays(std::span<const detail::array_handle> wanted, std::stop_token stop,
                             detail::job_listener listener, source_line line);

// Jobs run one after the other, in the order of their starts, on a thread of the library's. Other threads may
// record meanwhile, and read arrays that are on the host; a run of theirs (run, host() of an array that is
// not computed, quote) waits until the job is over. A job that fails or is stopped leaves every array as it
// was, recorded and not computed: the next access runs it again, and throws where the cause is still there.
// When the process ends, jobs that have not begun are dropped and the one that runs is stopped.
// As `run` does, `start` takes any number of arrays, of any types, or a list of them, and perhaps a line
// last.

/// Runs what the arrays need, as `run` does, in the background. Throws nothing but bad_alloc. Any thread.
template <detail::array_or_line... More> job start(const any_array& first, const More&... more) {
  const detail::wanted_arrays<More...> all(first, more...);
  return start_arrays(all.handles(), {}, nullptr, all.line());
}
inline job start(std::span<const any_array> all, source_line line = source_line::here()) {
  return start_arrays(detail::handles_of(all), {}, nullptr, line);
}

/// `stop` ends the job as `job::cancel` does.
template <detail::array_or_line... More>
job start(std::stop_token stop, const any_array& first, const More&... more) {
  const detail::wanted_arrays<More...> all(first, more...);
  return start_arrays(all.handles(), std::move(stop), nullptr, all.line());
}
inline job start(std::stop_token stop, std::span<const any_array> all,
                 source_line line = source_line::here()) {
  return start_arrays(detail::handles_of(all), std::move(stop), nullptr, line);
}

/// `listener` is called on the job's thread after each step; it must not run or read arrays. What it throws
/// stops the job, and `get` throws it.
template <detail::array_or_line... More>
job start(std::stop_token stop, detail::job_listener listener, const any_array& first, const More&... more) {
  const detail::wanted_arrays<More...> all(first, more...);
  return start_arrays(all.handles(), std::move(stop), std::move(listener), all.line());
}
inline job start(std::stop_token stop, detail::job_listener listener, std::span<const any_array> all,
                 source_line line = source_line::here()) {
  return start_arrays(detail::handles_of(all), std::move(stop), std::move(listener), line);
}

}  // namespace busfare
