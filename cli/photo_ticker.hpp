// The line that must not stand still: 30 times a second, and how late it was.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include <busfare/job.hpp>

namespace busfare::cli {

/// How far one picture is. Written by its worker, read by the ticking thread.
class photo_state {
 public:
  explicit photo_state(std::string name) : name_(std::move(name)) {}
  void enter(const char* stage);
  /// The stage that the job's progress tells.
  void enter(const job& running);
  /// "lake.jpg 43 %"; empty while it waits and when it is over.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool waits() const;
  [[nodiscard]] bool done() const;

 private:
  const std::string name_;
  mutable std::mutex lock_;
  std::string stage_;
  job running_;
};

/// One line about all pictures, as wide as the terminal on stderr allows.
std::string live_line(const std::vector<const photo_state*>& all, double seconds, bool stopping);

/// Ticks at 30 Hz. A tick is late by the time from when it was due to when its line stood. One thread.
class photo_ticker {
 public:
  /// Blocks until the next tick is due. Ticks that are past by then are left out and counted.
  void wait();
  void drawn();
  /// "30 Hz line: worst tick 1.2 ms late, 95 ticks, 0 left out (measured)".
  [[nodiscard]] std::string text() const;

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::nanoseconds period{1'000'000'000 / 30};
  clock::time_point due_ = clock::now();
  clock::duration worst_{};
  long ticks_ = 0, left_out_ = 0;
};

}  // namespace busfare::cli
