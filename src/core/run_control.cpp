// How far a run is.
#include "core/run_control.hpp"

#include <algorithm>

#include "core/residency.hpp"

namespace busfare::core {

void run_control::begin(const plan& p) {
  // A step without a prediction weighs as much as the mean of the others.
  double known = 0;
  std::size_t predicted = 0;
  for (const plan_step& s : p.steps) {
    if (s.predicted_seconds <= 0) continue;
    known += s.predicted_seconds;
    ++predicted;
  }
  const double mean = predicted == 0 ? 1 : known / static_cast<double>(predicted);
  before_ = {0};
  for (const plan_step& s : p.steps)
    before_.push_back(before_.back() + (s.predicted_seconds > 0 ? s.predicted_seconds : mean));
  const double all = before_.back();
  for (double& each : before_) each = all > 0 ? each / all : 0;
  std::scoped_lock hold(lock_);
  now_.steps = static_cast<int>(p.steps.size());
}

void run_control::reached(std::size_t step, const plan_step& what, double part) {
  job_progress copy;
  {
    std::scoped_lock hold(lock_);
    const double at = before_[step] + (before_[step + 1] - before_[step]) * std::clamp(part, 0.0, 1.0);
    now_.fraction = std::max(now_.fraction, std::min(at, 1.0));
    now_.steps_done = static_cast<int>(step) + (part >= 1 ? 1 : 0);
    now_.what = what.what + (what.lines.empty() ? "" : " at " + at_line(what.lines.front()));
    if (!listener_) return;
    copy = now_;
  }
  listener_(copy);
}

}  // namespace busfare::core
