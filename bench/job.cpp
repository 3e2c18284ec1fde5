// What a receipt says, as one sample.
#include "job.hpp"

namespace busfare::bench {

warm_sample sample_of(const receipt& r, double run_s, double read_s, std::uint64_t result_bytes,
                      const place& where) {
  warm_sample s;
  s.build = r.measured.build;
  s.upload = r.measured.upload;
  s.kernel = r.measured.kernel;
  s.download = r.measured.download;
  s.overhead = r.overhead_seconds;
  s.predicted = r.plan.predicted.total();
  s.bytes_up = r.bytes_up;
  s.bytes_down = r.bytes_down;
  bool downloaded = where.device == "cpu" || r.bytes_down > 0;
  for (const transfer& t : r.plan.transfers) downloaded = downloaded || t.direction == direction::download;
  if (!downloaded) {
    const link_curve* link = where.profile.best(direction::download);
    const double modelled = link ? link->predict(result_bytes) : 0;
    s.download = where.simulated ? modelled : read_s;
    s.predicted += modelled;
    const bool mapped = link != nullptr && link->memory == "mapped";
    s.bytes_down = mapped ? 0 : result_bytes;
  }
  s.seconds = where.simulated ? s.build + s.upload + s.kernel + s.download : run_s + read_s;
  return s;
}

}  // namespace busfare::bench
