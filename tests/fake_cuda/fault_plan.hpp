// Planned failures, the log of calls and the list of misuse; one of each in both fakes.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fake_cuda/control.hpp"

#define FAKE_EXPORT extern "C" __attribute__((visibility("default")))

namespace fake_cuda {

class fault_plan {
 public:
  void add(const fault& f) { planned_.push_back({f, f.function != nullptr ? f.function : "", 0}); }
  void clear() { planned_.clear(); }

  /// Notes the call; the fault that it meets, if any. `in_use`: for allocations what would be in use after
  /// it.
  std::optional<fault> meet(const char* function, std::uint64_t in_use) {
    log_.push_back(function);
    std::optional<fault> met;
    for (armed& a : planned_) {
      if (!a.function.empty() && a.function != function) continue;
      if (a.f.above_bytes != 0 && in_use <= a.f.above_bytes) continue;
      const std::uint64_t seen = ++a.seen;
      if (seen == a.f.nth || (seen > a.f.nth && a.f.every != 0 && (seen - a.f.nth) % a.f.every == 0))
        met = a.f;
    }
    return met;
  }

  [[nodiscard]] std::uint64_t calls() const { return log_.size(); }
  [[nodiscard]] const char* call_name(std::uint64_t i) const { return i < log_.size() ? log_[i] : ""; }

  void misuse(const std::string& what) {
    misuse_.push_back(what + " (call " + std::to_string(log_.size()) + ")");
  }
  [[nodiscard]] std::uint64_t misuse_count() const { return misuse_.size(); }
  [[nodiscard]] const char* misuse(std::uint64_t i) const {
    return i < misuse_.size() ? misuse_[i].c_str() : "";
  }

 private:
  struct armed {
    fault f;
    std::string function;
    std::uint64_t seen;
  };
  std::vector<armed> planned_;
  std::vector<const char*> log_;  // names are literals
  std::deque<std::string> misuse_;
};

}  // namespace fake_cuda
