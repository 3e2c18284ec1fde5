// One run: kernels in the order of their groups, transfers where contents are missing, times from the
// devices' clocks.
#include "core/executor.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "core/prefetch.hpp"
#include "core/residency.hpp"
#include "core/runtime.hpp"
#include "core/trace_record.hpp"
#include "core/versions.hpp"
#include "pool/thread_pool.hpp"

namespace busfare::core {
namespace {

using clock = std::chrono::steady_clock;
using backend::parameter_kind;

// An error from below knows neither the user's line nor, often, the device.
[[noreturn]] void throw_with_line(const error& e, const source_line& line, const device_slot& slot) {
  error::details d = e.where();
  if (d.line.line == 0) d.line = line;
  if (d.device.empty()) d.device = slot.info.name;
  throw error(e.kind(), e.message(), d);
}

// Everything one run needs while it lasts.
class running {
 public:
  running(cone& c, const compiled_plan& made, receipt& r, clock::time_point start)
      : c_(c), made_(made), receipt_(r), log_(start) {}

  void run() {
    log_.steps = std::move(receipt_.plan.steps);
    std::vector<plan_step> all = std::exchange(log_.steps, {});
    outputs_.resize(c_.nodes.size());
    for (std::size_t n = 0; n < c_.nodes.size(); ++n) {
      const node& what = *c_.nodes[n].what;
      for (const auto& weak : what.outputs) outputs_[n].push_back(weak.lock());
    }
    try {
      for (std::size_t g = 0; g < made_.groups.size(); ++g) {
        log_.steps.push_back(std::move(all[g]));
        try {
          run_group(made_.groups[g], made_.forms[g], slot_of(g));
        } catch (const error& e) {
          throw_with_line(e, made_.forms[g].lines.front(), slot_of(g));
        }
      }
      for (std::size_t g = 0; g < made_.groups.size(); ++g) slot_of(g).compute->flush();
    } catch (...) {
      log_.release();
      undo();
      throw;
    }
  }

  void finish(std::span<const detail::array_handle> wanted, bool to_host) {
    try {
      if (to_host) {
        for (const detail::array_handle& a : wanted) {
          if (!on_host_now(*a)) bring_home(a, "the result of " + at_line(a->line), log_);
        }
      }
      log_.settle(receipt_.trace);
    } catch (...) {
      log_.release();
      undo();
      throw;
    }
    // Only now are the results real: arrays forget how they were made.
    for (auto& [a, slot] : written_) {
      if (slot->is_host()) a->on_host.store(true, std::memory_order_release);
      a->depth.store(0, std::memory_order_relaxed);
      dropped_.push_back(std::exchange(a->producer, nullptr));
    }
    for (std::size_t g = 0; g < made_.groups.size(); ++g) {
      const plan_step& s = log_.steps[g];
      // The first launch of a kernel pays for page faults, self-checks and late compilation: it says nothing
      // of the next.
      if (s.measured_seconds > 0 && !fresh_[g]) {
        slot_of(g).history.add({made_.forms[g].id.high, made_.forms[g].id.low, slot_of(g).index}, s.elements,
                               s.measured_seconds);
      }
    }
    receipt_.plan.steps = std::move(log_.steps);
    receipt_.plan.transfers = std::move(log_.transfers);
    log_.release();
  }

 private:
  device_slot& slot_of(std::size_t g) const {
    return *device_list::shared().slots()[static_cast<std::size_t>(made_.device[g])];
  }

  // A result that a kernel of this run wrote to host memory is readable, though it counts only after the run.
  bool on_host_now(const detail::array_state& a) const {
    if (a.on_host.load(std::memory_order_acquire)) return true;
    for (const auto& [each, slot] : written_) {
      if (each.get() == &a) return slot->is_host();
    }
    return false;
  }

  const detail::array_handle& array_at(const value_ref& v) {
    if (v.node < 0) return c_.existing[static_cast<std::size_t>(v.output)];
    detail::array_handle& a = outputs_[static_cast<std::size_t>(v.node)][static_cast<std::size_t>(v.output)];
    if (!a) {
      // Nobody holds it any more; it lives for this run only.
      const node& n = *c_.nodes[static_cast<std::size_t>(v.node)].what;
      a = std::make_shared<detail::array_state>(n.output_types[static_cast<std::size_t>(v.output)],
                                                n.fold != nullptr ? extents() : n.shape, n.line);
    }
    return a;
  }

  backend::block input(device_slot& slot, const value_ref& v, const std::string& reader) {
    const detail::array_handle& a = array_at(v);
    if (slot.is_host() && on_host_now(*a)) {
      log_.held.push_back(a);
      void* const at = const_cast<void*>(a->host.get());
      return {at, 0, a->bytes, backend::memory_kind::mapped, at};
    }
    if (!slot.is_host() && v.node >= 0 && on_host_now(*a))
      a->on_host.store(true, std::memory_order_release), provisional_.push_back(a);
    return bring_to(slot, a, described(*a) + ", read by " + reader + ",", log_);
  }

  void run_group(const group& g, const kernel_form& form, device_slot& slot) {
    drain_released(slot);
    double seconds = 0;
    bool cached = true;
    const bool known = slot.built.find(form.key) != slot.built.end();
    backend::executable& kernel = build(slot, &c_, &g, form, seconds, cached);
    note_build(known, cached, seconds, slot, form);
    fresh_.push_back(!known || slot.warmed.erase(form.key) != 0);
    const std::uint64_t count = g.shape.count();
    std::vector<backend::argument> arguments;
    const std::string reader = form.what + " at " + at_line(form.lines.front());
    for (const value_ref& v : g.inputs) {
      backend::argument a;
      a.memory = input(slot, v, reader);
      a.size = array_at(v)->shape.count();
      arguments.push_back(a);
    }
    for (const group::number_from& n : g.numbers) {
      backend::argument a;
      a.number = c_.nodes[static_cast<std::size_t>(n.node)]
                     .what->arguments[static_cast<std::size_t>(n.argument)]
                     .number;
      arguments.push_back(a);
    }
    if (g.fold >= 0) {
      fold(g, form, slot, kernel, std::move(arguments), count);
      return;
    }
    for (const value_ref& r : g.results) {
      backend::argument a;
      a.memory = room(slot, array_at(r));
      arguments.push_back(a);
    }
    if (count != 0) launch(slot, kernel, arguments, g.shape, count, flops_now(g, form, slot));
  }

  backend::block room(device_slot& slot, const detail::array_handle& a) {
    written_.emplace_back(a, &slot);
    log_.held.push_back(a);
    return make_room(slot, a);
  }

  // Level by level: blocks of 4096, then the blocks' results, until one is left.
  void fold(const group& g, const kernel_form& form, device_slot& slot, backend::executable& first,
            std::vector<backend::argument> arguments, std::uint64_t count) {
    const detail::fold_kernel& op = *form.fold;
    const std::size_t k = op.components.size();
    backend::executable* kernel = &first;
    extents shape = g.shape;
    for (;;) {
      const std::uint64_t blocks = (count + tree_block - 1) / tree_block;
      std::vector<backend::argument> results;
      for (std::size_t i = 0; i < k; ++i) {
        backend::argument a;
        if (blocks == 1) {
          a.memory = room(slot, array_at(g.results[i]));
        } else {
          a.memory = take_block(slot, blocks * size_of(op.components[i]));
          log_.temporaries.emplace_back(&slot, a.memory);
        }
        results.push_back(a);
      }
      arguments.insert(arguments.end(), results.begin(), results.end());
      launch(slot, *kernel, arguments, shape, count, kernel == &first ? flops_now(g, form, slot) : 0);
      if (blocks == 1) return;
      arguments = std::move(results);
      count = blocks;
      shape = extents(blocks);
      if (kernel == &first) {
        const kernel_form next = level_form(form);
        double seconds = 0;
        bool cached = true;
        const bool known = slot.built.find(next.key) != slot.built.end();
        kernel = &build(slot, nullptr, nullptr, next, seconds, cached);
        note_build(known, cached, seconds, slot, next);
      }
    }
  }

  // 0 where the build request said it already.
  double flops_now(const group& g, const kernel_form& form, const device_slot& slot) const {
    return form.loops ? seam_flops(slot, work_of(c_, g, form), form.uses_f64) : 0;
  }

  void launch(device_slot& slot, backend::executable& kernel, std::span<const backend::argument> arguments,
              const extents& shape, std::uint64_t count, double flops) {
    backend::launch l;
    l.flops = flops;
    l.arguments = arguments;
    for (int axis = 0; axis < 3; ++axis) l.shape[axis] = shape[axis];
    l.count = count;
    slot.compute->run(kernel, l);
    log_.marks.push_back({slot.compute->mark(), &slot, lane::kernel, log_.steps.size() - 1});
    ++receipt_.launches;
    ++counts().launches;
  }

  void note_build(bool known, bool cached, double seconds, const device_slot& slot, const kernel_form& form) {
    if (known) return;
    if (slot.info.virtual_clock)
      seconds = slot.profile ? model::build_seconds(slot.profile->rates, form.operations) : 0;
    if (cached) ++counts().build_cache_hits;
    ++counts().built;
    receipt_.measured.build += seconds;
    span s;
    s.clock = slot.info.virtual_clock ? span_clock::simulated : span_clock::measured;
    s.lane = lane::build;
    s.device = slot.info.name;
    s.name = log_.steps.back().what;
    // A build has just ended; a simulated one follows the last.
    s.end_seconds = slot.info.virtual_clock
                        ? receipt_.measured.build
                        : std::chrono::duration<double>(clock::now() - log_.began).count();
    s.start_seconds = std::max(0.0, s.end_seconds - seconds);
    receipt_.trace.add(std::move(s));
  }

  void undo() noexcept {
    log_.disown();
    for (const detail::array_handle& a : provisional_) a->on_host.store(false, std::memory_order_release);
    for (auto& [a, slot] : written_) {
      for (const replica& r : a->replicas) give_replica(*slot, r);
      a->replicas.clear();
      if (a->on_host.load(std::memory_order_acquire)) {
        // Its download ended before the failure, and somebody may be reading it already: it is computed.
        a->depth.store(0, std::memory_order_relaxed);
        a->producer.reset();  // the cone holds the node until the run is over
      } else {
        a->host.reset();
      }
    }
  }

  cone& c_;
  const compiled_plan& made_;
  receipt& receipt_;
  std::vector<std::shared_ptr<node>>
      dropped_;  // destroyed last, after everything that they keep alive was let go
  std::vector<std::vector<detail::array_handle>> outputs_;
  std::vector<std::pair<detail::array_handle, device_slot*>> written_;
  std::vector<detail::array_handle> provisional_;
  std::vector<bool> fresh_;  // per group: built in this run
  run_log log_;
};

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
  if (r.plan.simulated || !r.plan.reused || r.measured.build > 0 || r.wall_seconds > teaching_seconds) return;
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

 private:
  static inline int depth = 0;  // guarded by the run lock
};

}  // namespace

run_counts& counts() {
  static run_counts c;
  return c;
}

receipt execute(std::span<const detail::array_handle> wanted, bool to_host, std::string cause) {
  const entered inside;
  const auto start = clock::now();
  receipt r;
  r.cause = std::move(cause);
  ++counts().runs;
  settle_prefetches(false);
  std::shared_ptr<const compiled_plan> made;
  {
    cone c = collect_closed(wanted, r.cause);
    bool reused = false;
    if (!c.nodes.empty()) {
      made = plan_for(c, reused);
      ++(reused ? counts().plans_reused : counts().plans_made);
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
      running run(c, *made, r, start);
      run.run();
      run.finish(wanted, to_host);
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
  r.wall_seconds = std::chrono::duration<double>(clock::now() - start).count();
  if (!r.plan.simulated) r.measured.overhead = std::max(0.0, r.wall_seconds - r.measured.total());
  if (made)
    learn(r, *made);
  else
    learn_reading(r);
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
  const cone c = collect_closed(wanted, "quote");
  busfare::plan p;
  if (c.nodes.empty()) {
    p.reason = "everything was computed already";
    return p;
  }
  bool reused = false;
  const auto made = plan_for(c, reused);
  p = made->said;
  p.reused = reused;
  predict(p, *made, c, true, &p.transfers);
  for (std::string& each : gather_notes(false)) p.notes.push_back(std::move(each));
  return p;
}

}  // namespace busfare::core
