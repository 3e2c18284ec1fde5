// What happened in a run, or would happen: spans on the lanes of host and devices, on one time axis.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <busfare/config.hpp>
#include <busfare/source_line.hpp>

namespace busfare {

/// The engines that work is drawn on.
enum class lane : std::uint8_t { host, build, upload, kernel, download };
inline constexpr int lane_count = 5;

/// "host", "build", "upload", "kernel", "download".
constexpr const char* name_of(lane l) noexcept {
  constexpr const char* names[] = {"host", "build", "upload", "kernel", "download"};
  return names[static_cast<std::uint8_t>(l)];
}

/// Which clock a span was read from. Times of different clocks are never added.
enum class span_clock : std::uint8_t { measured, simulated, predicted };

/// "measured", "simulated", "predicted".
constexpr const char* name_of(span_clock c) noexcept {
  constexpr const char* names[] = {"measured", "simulated", "predicted"};
  return names[static_cast<std::uint8_t>(c)];
}

/// One piece of work on one lane. Seconds count from the run's start.
struct span {
  busfare::lane lane = busfare::lane::host;
  std::string device;  ///< "cpu", "cuda:0"; the host's own work: "host"
  std::string name;    ///< the node or the array
  source_line line{};  ///< where the user recorded it; line 0: nowhere
  double start_seconds = 0, end_seconds = 0;
  std::uint64_t bytes = 0;  ///< that crossed or were touched; 0: not known
  span_clock clock = span_clock::measured;

  [[nodiscard]] double seconds() const noexcept { return end_seconds - start_seconds; }
};

/// Spans in the order in which they were added. A value; one thread at a time.
class trace {
 public:
  void add(span s) { spans_.push_back(std::move(s)); }
  [[nodiscard]] const std::vector<span>& spans() const noexcept { return spans_; }
  [[nodiscard]] bool empty() const noexcept { return spans_.empty(); }

  /// Sum of the lane's spans of one clock, in seconds; overlapping spans count twice. An empty `device` means
  /// all devices.
  [[nodiscard]] double total(lane l, span_clock clock, std::string_view device = {}) const noexcept {
    double sum = 0;
    for (const span& s : spans_)
      if (s.lane == l && s.clock == clock && (device.empty() || s.device == device)) sum += s.seconds();
    return sum;
  }

  /// From the first start to the last end of one clock's spans, in seconds; 0 where there are none.
  [[nodiscard]] double wall(span_clock clock) const noexcept {
    double first = 0, last = 0;
    bool any = false;
    for (const span& s : spans_) {
      if (s.clock != clock) continue;
      first = any ? std::min(first, s.start_seconds) : s.start_seconds;
      last = any ? std::max(last, s.end_seconds) : s.end_seconds;
      any = true;
    }
    return last - first;
  }

  /// Appends the other trace's spans, shifted by `offset_seconds`.
  void merge(const trace& other, double offset_seconds = 0) {
    const std::size_t n = other.spans_.size();  // so that a trace may be merged into itself
    spans_.reserve(spans_.size() + n);
    for (std::size_t i = 0; i < n; ++i) {
      span s = other.spans_[i];
      s.start_seconds += offset_seconds;
      s.end_seconds += offset_seconds;
      spans_.push_back(std::move(s));
    }
  }

 private:
  std::vector<span> spans_;
};

/// The trace as JSON in Chrome's trace event format, for ui.perfetto.dev or chrome://tracing: one process per
/// device and clock, one row per engine; slices of a row never overlap. Untrusted names are escaped.
BUSFARE_API std::string chrome_trace(const trace& t);

}  // namespace busfare
