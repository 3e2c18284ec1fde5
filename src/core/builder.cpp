// The thread behind builder.hpp.
#include "core/builder.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "core/executor.hpp"
#include "core/kernel_build.hpp"
#include "core/planner.hpp"
#include "core/pricing.hpp"
#include "core/residency.hpp"
#include "core/trace_record.hpp"

namespace busfare::core {
namespace {

using clock = std::chrono::steady_clock;

// Building takes a core of the host from whoever answers meanwhile, so it has to promise something: a device
// that saves less than this part of the price each run has to be missed more often.
constexpr double worth_a_try = 0.1;

struct order {
  device_slot* on = nullptr;
  std::string line;                           // where the job was recorded, for people
  std::shared_ptr<const compiled_plan> made;  // keeps what native kernels and folds point to
  std::vector<std::unique_ptr<ordered_build>> kernels;
};

struct finished {
  device_slot* on = nullptr;
  std::string key, what;
  std::unique_ptr<backend::executable> built;
  clock::time_point start;
  double seconds = 0;
};

// Never destroyed: orders may come while the process ends.
class builder {
 public:
  static builder& shared() {
    static auto* const b = new builder;
    return *b;
  }

  void add(order o) {
    const std::scoped_lock hold(lock_);
    if (closed_) return;
    waiting_.push_back(std::move(o));
    try {
      if (!thread_.joinable()) {
        // A driver's compiler cannot be stopped, and must not run while its library is unloaded. The device
        // is open by now: what its driver registered for the process's end comes after this.
        static const int registered = std::atexit([] { shared().close(); });
        static_cast<void>(registered);
        thread_ = std::thread([this] { work(); });
      }
    } catch (...) {
      waiting_.pop_back();
      throw;
    }
    changed_.notify_all();
  }

  std::vector<finished> take_finished() {
    if (!any_finished_.load(std::memory_order_acquire)) return {};
    const std::scoped_lock hold(lock_);
    any_finished_.store(false, std::memory_order_release);
    return std::exchange(finished_, {});
  }

  void await() {
    std::unique_lock hold(lock_);
    changed_.wait(hold, [&] { return waiting_.empty() && !busy_; });
  }

 private:
  void work() {
    std::unique_lock hold(lock_);
    for (;;) {
      changed_.wait(hold, [&] { return closed_ || !waiting_.empty(); });
      if (closed_) return;
      order next = std::move(waiting_.front());
      waiting_.pop_front();
      busy_ = true;
      hold.unlock();
      carry_out(next);
      next = {};
      hold.lock();
      busy_ = false;
      changed_.notify_all();
    }
  }

  bool is_closed() {
    const std::scoped_lock hold(lock_);
    return closed_;
  }

  void carry_out(order& o) noexcept {
    for (const auto& each : o.kernels) {
      if (is_closed()) return;
      try {
        build(o, *each);
      } catch (...) {  // NOLINT(bugprone-empty-catch): no memory even for the note; it is not ordered again
      }
    }
  }

  void build(const order& o, const ordered_build& each) {
    finished f{o.on, each.form.key, each.form.what, nullptr, clock::now(), 0};
    try {
      const std::scoped_lock building(o.on->build_lock);
      f.built = o.on->device->build(each.request);
    } catch (const std::exception& e) {
      note("a kernel of " + o.line + " could not be built for " + o.on->info.name +
           " behind the scenes, so \"auto\" goes on without that device: " + e.what());
    }
    f.seconds = std::chrono::duration<double>(clock::now() - f.start).count();
    const std::scoped_lock hold(lock_);
    finished_.push_back(std::move(f));
    any_finished_.store(true, std::memory_order_release);
  }

  void close() {
    {
      const std::scoped_lock hold(lock_);
      closed_ = true;
      waiting_.clear();
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<order> waiting_;
  std::vector<finished> finished_;
  std::atomic<bool> any_finished_ = false;
  std::thread thread_;
  bool busy_ = false, closed_ = false;
};

// Calls f(group or null, form) for every kernel that the device would need, until f says false.
template <class F> bool for_each_kernel(const compiled_plan& made, const better_once_built& there, F&& f) {
  for (const std::size_t g : there.groups) {
    const kernel_form& form = made.forms[g];
    if (!f(&made.groups[g], form)) return false;
    if (launches_of(made.groups[g]) < 2) continue;
    const kernel_form level = level_form(form);
    if (level.key != form.key && !f(nullptr, level)) return false;
  }
  return true;
}

device_slot& slot_of(const better_once_built& there) {
  return *device_list::shared().slots()[static_cast<std::size_t>(there.device)];
}

bool has(const device_slot& on, const kernel_form& form) { return on.built.peek(form.key) != on.built.end(); }

constexpr std::size_t most_unbuildable = 4096;

void order_kernels(const std::shared_ptr<const compiled_plan>& made, const cone& c) {
  const better_once_built& there = *made->later;
  device_slot& on = slot_of(there);
  order o;
  o.on = &on;
  o.made = made;
  o.line = at_line(first_line(c, made->groups[there.groups.front()]));
  for_each_kernel(*made, there, [&](const group* g, const kernel_form& form) {
    if (!has(on, form) && !on.behind.contains(form.key) && !on.unbuildable.contains(form.key))
      o.kernels.push_back(std::make_unique<ordered_build>(on, g != nullptr ? &c : nullptr, g, form));
    return true;
  });
  if (o.kernels.empty()) return;
  std::vector<std::string> keys;
  for (const auto& each : o.kernels) keys.push_back(each->form.key);
  builder::shared().add(std::move(o));
  for (std::string& each : keys) on.behind.insert(std::move(each));
}

}  // namespace

// The builder itself never takes the run lock: whoever ends the process may hold it.
void take_in_built() {
  for (finished& f : builder::shared().take_finished()) {
    f.on->behind.erase(f.key);
    if (!f.built) {
      if (f.on->unbuildable.size() >= most_unbuildable) f.on->unbuildable.clear();
      f.on->unbuildable.insert(std::move(f.key));
      forget_plans();
      continue;
    }
    const bool cached = f.built->from_cache();
    if (!f.on->built.emplace(f.key, std::move(f.built)).second) continue;  // a run was faster
    f.on->warmed.insert(f.key);
    ++counts().built;
    ++counts().built_behind;
    if (cached) ++counts().build_cache_hits;
    span s;
    s.lane = lane::build;
    s.device = f.on->info.name;
    s.name = f.what + ", behind the scenes";
    s.end_seconds = f.seconds;
    trace of_build;
    of_build.add(std::move(s));
    keep_trace(of_build, f.start);
  }
}

bool is_built(const compiled_plan& made, const better_once_built& there) {
  const device_slot& on = slot_of(there);
  return for_each_kernel(made, there, [&](const group*, const kernel_form& form) { return has(on, form); });
}

bool can_build(const compiled_plan& made, const better_once_built& there) {
  const device_slot& on = slot_of(there);
  return for_each_kernel(
      made, there, [&](const group*, const kernel_form& form) { return !on.unbuildable.contains(form.key); });
}

void consider_building(const std::shared_ptr<const compiled_plan>& made, const cone& c) noexcept {
  better_once_built& later = *made->later;
  later.missed += later.saves;
  if (later.begun || later.missed < worth_a_try * later.build) return;
  later.begun = true;
  try {
    order_kernels(made, c);
  } catch (const std::exception& e) {
    try {
      note(std::string("kernels could not be ordered behind the scenes: ") + e.what());
    } catch (...) {  // NOLINT(bugprone-empty-catch): no memory for the note
    }
  }
}

void await_builder() { builder::shared().await(); }

}  // namespace busfare::core
