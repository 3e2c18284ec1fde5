// From what is wanted to a receipt: the plan, the run, what it cost and what that teaches.
#include "core/executor.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <busfare/runtime.hpp>

#include "core/prefetch.hpp"
#include "core/quick_run.hpp"
#include "core/residency.hpp"
#include "core/running.hpp"
#include "core/runtime.hpp"
#include "core/trace_record.hpp"
#include "core/versions.hpp"
#include "pool/thread_pool.hpp"

namespace busfare::core {
namespace {

using clock = std::chrono::steady_clock;

void sum_up(receipt& r) {
  for (const plan_step& s : r.plan.steps) {
    if (s.measured_seconds > 0) r.measured.kernel += s.measured_seconds;
  }
  for (const transfer& t : r.plan.transfers) {
    (t.direction == direction::upload ? r.measured.upload : r.measured.download) +=
        std::max(t.measured_seconds, 0.0);
    (t.direction == direction::upload ? r.bytes_up : r.bytes_down) += t.bytes;
    r.bytes_avoided += t.avoided;
    if (r.plan.simulated) r.measured.overhead += t.submit_seconds;
  }
}

// Longer runs hold page faults and preemption, which say nothing of a run's fixed part.
constexpr double teaching_seconds = 1e-3;

// What the host's part really was, for the next prediction on this device.
void learn(const receipt& r, const compiled_plan& made) {
  if (r.plan.simulated || !r.plan.reused || made.checked || r.measured.build > 0 ||
      r.wall_seconds > teaching_seconds)
    return;
  for (const int d : made.device)
    if (d != made.device.front()) return;
  device_slot& slot = *device_list::shared().slots()[static_cast<std::size_t>(made.device.front())];
  if (r.plan.predicted.overhead > 0)
    slot.run_overhead.add(r.measured.overhead / r.plan.predicted.overhead * slot.run_overhead.factor());
}

void learn_reading(const receipt& r) {
  double submitted = 0;
  for (const transfer& t : r.plan.transfers) {
    if (t.device != r.plan.transfers.front().device) return;
    submitted += t.submit_seconds;
  }
  if (submitted <= 0 || r.wall_seconds > teaching_seconds) return;
  device_slot& slot = device_list::shared().find(r.plan.transfers.front().device);
  if (!slot.info.virtual_clock) slot.read_overhead.add(r.measured.overhead / submitted);
}

// Other runtimes that compute on the host's cores (an OpenCL CPU) get them whole: the pool's idle workers do
// not spin while such a device has work. Runs may nest while a device is measured.
class yielded_cores {
 public:
  void enter(const compiled_plan& made) {
    const auto& slots = device_list::shared().slots();
    const int ours = device_list::shared().host().info.core_group;
    for (const int d : made.device) {
      const backend::device_info& info = slots[static_cast<std::size_t>(d)]->info;
      // Devices of the host's dialect run on the pool itself.
      if (info.dialect != "host" && info.core_group >= 0 && info.core_group == ours) entered_ = true;
    }
    if (entered_ && inside++ == 0) pool::thread_pool::shared().allow_spinning(false);
  }
  yielded_cores() = default;
  yielded_cores(const yielded_cores&) = delete;
  yielded_cores& operator=(const yielded_cores&) = delete;
  ~yielded_cores() {
    if (entered_ && --inside == 0) pool::thread_pool::shared().allow_spinning(true);
  }

 private:
  static inline int inside = 0;  // guarded by the run lock
  bool entered_ = false;
};

// Measuring a device runs kernels inside a run or a quote; what there is to tell belongs to the outer one.
class entered {
 public:
  entered() { ++depth; }
  ~entered() { --depth; }
  entered(const entered&) = delete;
  entered& operator=(const entered&) = delete;
  [[nodiscard]] bool outermost() const { return depth == 1; }
  // Kernels that measure a device are nobody's to check.
  [[nodiscard]] bool checked() const {
    if (!check_mode() || !outermost()) return false;
    const auto& slots = device_list::shared().slots();
    return std::none_of(slots.begin(), slots.end(), [](const auto& slot) { return slot->measuring; });
  }

 private:
  static inline thread_local int depth = 0;  // a thread that waits for a view lets others run meanwhile
};

}  // namespace

run_counts& counts() {
  static run_counts c;
  return c;
}

receipt execute(std::span<const detail::array_handle> wanted, bool to_host, std::string cause,
                run_control* control) {
  const entered inside;
  const auto start = clock::now();
  if (inside.outermost()) keep_recent_kernels();
  receipt r;
  r.cause = std::move(cause);
  ++counts().runs;
  settle_prefetches(false);
  std::shared_ptr<const compiled_plan> made;
  const std::uint64_t epoch = quick_epoch();
  std::optional<clock::time_point> ended;
  {
    cone c = collect_closed(wanted, r.cause);
    bool reused = false;
    if (!c.nodes.empty()) {
      made = plan_for(c, reused, inside.checked());
      ++(reused ? counts().plans_reused : counts().plans_made);
      for (const group& g : made->groups) ++counts().cuts[static_cast<std::size_t>(g.why)];
      r.plan = made->said;
      r.plan.reused = reused;
      if (transfer_rule() == implicit_transfers::forbid) {
        std::vector<transfer> crossings;
        predict(r.plan, *made, c, to_host, &crossings);
        refuse_implied(crossings);
      } else {
        predict(r.plan, *made, c, to_host);
      }
      yielded_cores cores;
      cores.enter(*made);
      running run(c, *made, r, start, control);
      run.run();
      run.finish(wanted, to_host);
      keep_quick(c, *made, r.plan.predicted.total() - r.plan.predicted.overhead, epoch);
      // After the answer, which is not to share its cores, or its receipt, with a compiler.
      if (made->later) {
        ended = clock::now();
        consider_building(made, c);
      }
    } else {
      r.plan.reason = "everything was computed already";
      run_log log(start);
      if (to_host) {
        for (const detail::array_handle& a : wanted) bring_home(a, "the result of " + at_line(a->line), log);
        log.settle(r.trace);
        r.plan.transfers = std::move(log.transfers);
      }
    }
  }
  sum_up(r);
  r.wall_seconds = std::chrono::duration<double>(ended.value_or(clock::now()) - start).count();
  if (!r.plan.simulated) r.measured.overhead = std::max(0.0, r.wall_seconds - r.measured.total());
  if (made) {
    learn(r, *made);
    doubt(r, *made);
  } else {
    learn_reading(r);
  }
  span whole;
  whole.device = "host";
  whole.name = r.cause;
  whole.end_seconds = r.wall_seconds;
  r.trace.add(std::move(whole));
  if (inside.outermost()) keep_trace(r.trace, start);
  // A plan made before builds and reads nothing new, so it has nothing to tell.
  if (!r.plan.reused && inside.outermost()) r.notes = gather_notes(true);
  return r;
}

busfare::plan quote(std::span<const detail::array_handle> wanted) {
  const entered inside;
  if (inside.outermost()) keep_recent_kernels();
  const cone c = collect_closed(wanted, "quote");
  busfare::plan p;
  if (c.nodes.empty()) {
    p.reason = "everything was computed already";
    return p;
  }
  bool reused = false;
  const auto made = plan_for(c, reused, inside.checked());
  p = made->said;
  p.reused = reused;
  predict(p, *made, c, true, &p.transfers);
  for (std::string& each : gather_notes(false)) p.notes.push_back(std::move(each));
  return p;
}

}  // namespace busfare::core
