// Reads the jobs' progress, which never waits for a run.
#include "photo_ticker.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

#include "table.hpp"

namespace busfare::cli {
namespace {

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

// At most `most` characters; continuation bytes of UTF-8 belong to the character before.
std::string cut(const std::string& text, std::size_t most) {
  std::size_t characters = 0, k = 0;
  for (; k < text.size(); ++k)
    if ((static_cast<unsigned char>(text[k]) & 0xc0u) != 0x80u && ++characters > most) break;
  return text.substr(0, k);
}

}  // namespace

void photo_state::enter(const char* stage) {
  std::scoped_lock hold(lock_);
  stage_ = stage;
  running_ = {};
}

void photo_state::enter(const job& running) {
  std::scoped_lock hold(lock_);
  stage_ = "editing";
  running_ = running;
}

std::string photo_state::text() const {
  std::scoped_lock hold(lock_);
  if (stage_.empty() || stage_ == "done" || stage_ == "failed") return {};
  if (stage_ != "editing") return name_ + " " + stage_;
  return name_ + " " + std::to_string(std::lround(100 * running_.progress().fraction)) + " %";
}

bool photo_state::waits() const {
  std::scoped_lock hold(lock_);
  return stage_.empty();
}

bool photo_state::done() const {
  std::scoped_lock hold(lock_);
  return stage_ == "done";
}

std::string live_line(const std::vector<const photo_state*>& all, double seconds, bool stopping) {
  std::size_t waiting = 0, done = 0;
  std::string names;
  for (const photo_state* each : all) {
    waiting += each->waits() ? 1u : 0u;
    done += each->done() ? 1u : 0u;
    if (const std::string text = each->text(); !text.empty()) names += " | " + text;
  }
  char time[32];
  std::snprintf(time, sizeof time, "%6.2f s", seconds);
  std::string line = std::string(time) + (stopping ? ", stopping" : "") + ", " + std::to_string(done) +
                     " of " + std::to_string(all.size()) + " done" + names;
  if (waiting > 0 && !stopping) line += " | " + std::to_string(waiting) + " waiting";
  return cut(line, terminal_width() - 1);
}

void photo_ticker::wait() {
  due_ += period;
  for (auto now = clock::now(); due_ + period < now; due_ += period) ++left_out_;
  std::this_thread::sleep_until(due_);
}

void photo_ticker::drawn() {
  ++ticks_;
  worst_ = std::max(worst_, clock::now() - due_);
}

std::string photo_ticker::text() const {
  return "30 Hz line: worst tick " + seconds_text(std::chrono::duration<double>(worst_).count()) + " late, " +
         std::to_string(ticks_) + " ticks, " + std::to_string(left_out_) + " left out (measured)";
}

}  // namespace busfare::cli
