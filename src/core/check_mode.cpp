// The switch of check mode and the list of its findings.
#include "core/check_mode.hpp"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <utility>

#include <busfare/runtime.hpp>

namespace busfare {
namespace core {
namespace {

std::atomic<bool>& mode() {
  static std::atomic<bool> on = [] {
    const char* text = secure_getenv("BUSFARE_CHECK");
    return text != nullptr && std::string_view(text) == "1";
  }();
  return on;
}

struct untaken {
  std::mutex lock;
  std::vector<finding> list;
  std::uint64_t counted = 0;
};
untaken& findings() {
  static auto* const f = new untaken;  // jobs may still run while the process ends
  return *f;
}

}  // namespace

void keep_findings(std::vector<finding>&& found, std::vector<finding>& of_run) {
  if (found.empty()) return;
  untaken& all = findings();
  std::scoped_lock hold(all.lock);
  for (finding& each : found) {
    ++all.counted;
    if (all.list.size() < findings_kept) all.list.push_back(each);
    if (of_run.size() < findings_kept) of_run.push_back(std::move(each));
  }
}

std::uint64_t findings_counted() {
  std::scoped_lock hold(findings().lock);
  return findings().counted;
}

}  // namespace core

void set_check_mode(bool on) { core::mode().store(on, std::memory_order_relaxed); }
bool check_mode() { return core::mode().load(std::memory_order_relaxed); }

std::vector<finding> take_findings() {
  std::scoped_lock hold(core::findings().lock);
  return std::exchange(core::findings().list, {});
}

}  // namespace busfare
