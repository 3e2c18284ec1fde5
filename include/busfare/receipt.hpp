// What really happened, beside what was predicted.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include <busfare/finding.hpp>
#include <busfare/plan.hpp>
#include <busfare/trace.hpp>

namespace busfare {

/// Value type; printing gives predicted beside measured and every crossing with its cause.
class receipt {
 public:
  busfare::plan plan;  ///< with the measured times filled in
  /// What it took. The overhead is what the wall time holds beyond build, transfers and kernels; of a
  /// simulated device it is the model's time for submitting transfers.
  fare measured;
  double wall_seconds = 0;  ///< of the call, on the host's clock
  std::string cause;        ///< what made it run: "run at x.cpp:9", "host at x.cpp:12", "64 unrun nodes deep"
  int launches = 0;
  std::uint64_t bytes_up = 0, bytes_down = 0, bytes_avoided = 0;
  std::vector<std::string> notes;
  std::vector<finding> findings;  ///< of check mode, in the order of the nodes; at most 1000
  busfare::trace trace;
};

BUSFARE_API std::ostream& operator<<(std::ostream& out, const receipt& r);

}  // namespace busfare
