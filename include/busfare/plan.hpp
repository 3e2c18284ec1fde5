// The quote: where a job would run, what would cross, what it would cost, and why.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include <busfare/config.hpp>
#include <busfare/profile.hpp>
#include <busfare/source_line.hpp>

namespace busfare {

/// Seconds of one run by what they are spent on. `upload`, `kernel` and `download` are the engines' own
/// times; what the host spends beside them (planning, handing work to drivers, noticing its end) is
/// `overhead`.
struct fare {
  double build = 0, upload = 0, kernel = 0, download = 0, overhead = 0;
  [[nodiscard]] double total() const noexcept { return build + upload + kernel + download + overhead; }
};

/// One message over one link, or one that was not needed.
struct transfer {
  busfare::direction direction = direction::upload;
  std::string device;
  std::uint64_t bytes = 0;       ///< that crossed; 0 for a fence on shared memory
  std::uint64_t avoided = 0;     ///< bytes that did not have to cross
  bool fence = false;            ///< shared memory: made visible, not copied
  bool implied = true;           ///< in a plan: no call spelled it (`prefetch`, or the reading of a result)
  std::string cause;             ///< "input of map at pricing.cpp:41 is not on opencl:0"
  double predicted_seconds = 0;  ///< of the link
  double submit_seconds = 0;     ///< predicted, of the host; part of the fare's overhead
  double measured_seconds = -1;  ///< -1: not measured (in a plan, or avoided)
};

/// What has to be built before a kernel runs.
enum class build_kind : std::uint8_t {
  none,    ///< nothing: it was built in this process, or compiled with the program
  cached,  ///< the cache on disk holds it
  full,    ///< the device's compiler has to run
};

/// One kernel that is launched: the recorded nodes that were fused into it.
struct plan_step {
  std::string device;
  std::vector<source_line> lines;  ///< of the fused nodes, in order of recording
  std::string what;                ///< "map+map+fold"
  std::uint64_t elements = 0;
  double flops = 0, bytes = 0;  ///< of the whole launch
  double predicted_seconds = 0;
  double measured_seconds = -1;
  build_kind build = build_kind::none;
  std::string basis;  ///< what the prediction rests on: history, roofline
  std::string cut;    ///< why the fusion ended before this step; empty: it is the first, or data demand it
};

/// One place where the whole job could run.
struct candidate {
  std::string device;
  busfare::fare predicted;
  std::string note;  ///< why it was not eligible, or on what the prediction rests
  bool eligible = true;
};

/// Value type; printing gives a table.
class plan {
 public:
  std::vector<plan_step> steps;
  std::vector<transfer> transfers;
  std::vector<candidate> candidates;
  std::string device;  ///< where most of it runs
  std::string reason;
  busfare::fare predicted;
  bool result_on_host = false;   ///< the plan brings the results to the host (quotes, host(), value())
  std::uint64_t left_bytes = 0;  ///< of results that the plan leaves on devices
  busfare::fare later;           ///< what reading those on the host is predicted to cost afterwards
  std::vector<std::string> notes;
  bool reused = false;     ///< the structure was seen before
  bool simulated = false;  ///< times are a model's
  bool checked = false;    ///< check mode is on: one kernel per node, each computed a second time on the host
};

BUSFARE_API std::ostream& operator<<(std::ostream& out, const plan& p);

}  // namespace busfare
