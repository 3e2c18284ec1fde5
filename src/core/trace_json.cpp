// Chrome's trace event format, which Perfetto reads: a process per device and clock, a thread per engine.
// Format: "Trace Event Format", Google, events of phase X (complete) and M (metadata); times in microseconds.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <busfare/trace.hpp>

#include "core/json_writer.hpp"
#include "core/residency.hpp"

namespace busfare {
namespace {

// Rows of one engine. Slices of one thread must nest or follow each other, and pieces of work of one engine
// may overlap (builds by several threads): those go to further rows.
class rows {
 public:
  int row_for(const span& s) {
    for (std::size_t i = 0; i < end_.size(); ++i) {
      if (s.start_seconds < end_[i]) continue;
      end_[i] = s.end_seconds;
      return static_cast<int>(i);
    }
    end_.push_back(s.end_seconds);
    return static_cast<int>(end_.size()) - 1;
  }

 private:
  std::vector<double> end_;
};

void name_of(core::json_writer& j, const char* what, int process, int thread, const std::string& name) {
  j.begin_object().member("ph", "M").member("name", what).member("pid", process).member("tid", thread);
  j.key("args").begin_object().member("name", name).end_object().end_object();
}

}  // namespace

std::string chrome_trace(const trace& t) {
  std::vector<const span*> spans;
  for (const span& s : t.spans()) spans.push_back(&s);
  std::stable_sort(spans.begin(), spans.end(),
                   [](const span* a, const span* b) { return a->start_seconds < b->start_seconds; });
  std::map<std::pair<std::string, span_clock>, int> processes;
  std::map<std::pair<int, lane>, rows> engines;
  core::json_writer j(0);
  j.begin_object().member("displayTimeUnit", "ns").key("traceEvents").begin_array();
  std::map<std::pair<int, int>, bool> named;
  for (const span* s : spans) {
    const auto [found, fresh] =
        processes.try_emplace({s->device, s->clock}, static_cast<int>(processes.size()) + 1);
    const int process = found->second;
    if (fresh) {
      name_of(
          j, "process_name", process, 0,
          s->device + (s->clock == span_clock::measured ? "" : " (" + std::string(name_of(s->clock)) + ")"));
    }
    const int row = engines[{process, s->lane}].row_for(*s);
    const int thread = static_cast<int>(s->lane) + 1 + row * lane_count;
    if (named.emplace(std::pair{process, thread}, true).second) {
      name_of(j, "thread_name", process, thread,
              name_of(s->lane) + (row == 0 ? std::string() : " " + std::to_string(row + 1)));
    }
    j.begin_object().member("ph", "X").member("name", s->name).member("cat", name_of(s->lane));
    j.member("pid", process).member("tid", thread);
    j.member("ts", s->start_seconds * 1e6).member("dur", s->seconds() * 1e6);
    j.key("args").begin_object().member("clock", name_of(s->clock));
    if (s->bytes != 0) j.member("bytes", s->bytes);
    if (s->line.line != 0) j.member("recorded", core::at_line(s->line));
    j.end_object().end_object();
  }
  j.end_array().end_object();
  return j.text();
}

}  // namespace busfare
