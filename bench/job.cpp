// What a receipt says, as one sample.
#include "job.hpp"

namespace busfare::bench {

warm_sample sample_of(const receipt& r, double run_s, double read_s, const place& where) {
  warm_sample s;
  s.build = r.measured.build;
  s.upload = r.measured.upload;
  s.kernel = r.measured.kernel;
  s.download = r.measured.download;
  s.overhead = r.measured.overhead;
  s.predicted = r.plan.predicted.total() + r.plan.later.total();
  s.bytes_up = r.bytes_up;
  s.bytes_down = r.bytes_down;
  double read = 0;  // the reading after the run, on the clock of the device
  if (r.plan.left_bytes != 0) {
    read = where.simulated ? r.plan.later.total() : read_s;
    s.download = where.simulated ? r.plan.later.download : read_s;
    const link_curve* link = where.profile.best(direction::download);
    s.bytes_down = link != nullptr && link->memory == "mapped" ? 0 : r.plan.left_bytes;
  }
  s.seconds = where.simulated ? r.measured.total() + read : run_s + read_s;
  return s;
}

}  // namespace busfare::bench
