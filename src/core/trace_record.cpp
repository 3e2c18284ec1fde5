// See trace_record.hpp. Measured spans keep their distance on the host's clock; a simulated device's clock
// counts only its own work, so its runs follow each other.
#include "core/trace_record.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include <busfare/runtime.hpp>

#include "core/devices.hpp"

namespace busfare {
namespace core {
namespace {

constexpr std::size_t most_spans = std::size_t{1} << 20;

struct recording {
  trace kept;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  double simulated_seconds = 0;
  bool full = false;
};

// Guarded by the run lock.
std::optional<recording>& current() {
  static auto* const r = new std::optional<recording>;
  return *r;
}

}  // namespace

bool is_recording_trace() { return current().has_value(); }

void keep_trace(const trace& of_run, std::chrono::steady_clock::time_point began) {
  if (!current()) return;
  recording& r = *current();
  if (began < r.began) return;  // a build behind the scenes that began before
  const double offset = std::chrono::duration<double>(began - r.began).count();
  double last = r.simulated_seconds;
  for (span s : of_run.spans()) {
    if (r.kept.spans().size() >= most_spans) {
      if (!std::exchange(r.full, true))
        note("the recorded trace is full: it holds its first 1,048,576 spans");
      return;
    }
    const double by = s.clock == span_clock::simulated ? r.simulated_seconds : offset;
    s.start_seconds += by;
    s.end_seconds += by;
    if (s.clock == span_clock::simulated) last = std::max(last, s.end_seconds);
    r.kept.add(std::move(s));
  }
  r.simulated_seconds = last;
}

}  // namespace core

void record_trace(bool on) {
  std::scoped_lock hold(core::run_lock());
  if (on)
    core::current().emplace();
  else
    core::current().reset();
}

trace recorded_trace() {
  std::scoped_lock hold(core::run_lock());
  return core::current() ? core::current()->kept : trace{};
}

}  // namespace busfare
