// What stops a run from outside, and what is told of it meanwhile.
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include <busfare/error.hpp>
#include <busfare/job.hpp>
#include <busfare/plan.hpp>

namespace busfare::core {

/// Between a job and the thread that runs it. Members but `progress` are called by that thread only.
class run_control {
 public:
  /// Either token stops the run.
  run_control(std::stop_token own, std::stop_token given, detail::job_listener listener)
      : own_(std::move(own)), given_(std::move(given)), listener_(std::move(listener)) {}

  [[nodiscard]] bool stopped() const noexcept { return own_.stop_requested() || given_.stop_requested(); }
  /// Throws cancelled where somebody wants the run to stop.
  void check() const {
    if (!stopped()) return;
    error::details d;
    d.hint = "the arrays are as they were before; run them again when they are wanted";
    throw error(error_class::cancelled, "the run was stopped by its caller", std::move(d));
  }

  void begin(const plan& p);
  /// `part` of the step's work, 0 to 1, is done; 1: all of it. Calls the listener; throws what it throws.
  void reached(std::size_t step, const plan_step& what, double part);

  [[nodiscard]] job_progress progress() const {
    std::scoped_lock hold(lock_);
    return now_;
  }

 private:
  std::stop_token own_, given_;
  detail::job_listener listener_;
  std::vector<double> before_;  // predicted work before each step, as a part of all; one more at the end
  mutable std::mutex lock_;
  job_progress now_;
};

}  // namespace busfare::core
