// One run: kernels in the order of their groups, transfers where contents are missing, times from the
// devices' clocks.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <busfare/receipt.hpp>

#include "core/check_mode.hpp"
#include "core/executor.hpp"
#include "core/host_memory.hpp"
#include "core/kernel_build.hpp"
#include "core/last_use.hpp"
#include "core/node_check.hpp"
#include "core/planner.hpp"
#include "core/residency.hpp"
#include "core/run_control.hpp"
#include "core/versions.hpp"

namespace busfare::core {

// Everything one run needs while it lasts.
class running {
 public:
  running(cone& c, const compiled_plan& made, receipt& r, std::chrono::steady_clock::time_point start,
          run_control* control)
      : c_(c), made_(made), receipt_(r), control_(control), log_(start) {
    if (control_ != nullptr) control_->begin(r.plan);
  }

  void run() {
    log_.steps = std::move(receipt_.plan.steps);
    std::vector<plan_step> all = std::exchange(log_.steps, {});
    outputs_.resize(c_.nodes.size());
    for (std::size_t n = 0; n < c_.nodes.size(); ++n) {
      const node& what = *c_.nodes[n].what;
      for (const auto& weak : what.outputs) outputs_[n].push_back(weak.lock());
    }
    const last_uses last(c_, made_, outputs_);
    try {
      for (std::size_t g = 0; g < made_.groups.size(); ++g) {
        if (control_ != nullptr) keep_pace();
        log_.steps.push_back(std::move(all[g]));
        try {
          run_group(made_.groups[g], made_.forms[g], slot_of(g));
          if (made_.checked && made_.forms[g].native == nullptr)
            check(made_.groups[g], made_.forms[g], slot_of(g));
        } catch (const error& e) {
          throw_at(e, slot_of(g), first_line(c_, made_.groups[g]));
        }
        for (const value_ref& v : last.of(g)) retire(*array_at(v), slot_of(g), log_);
      }
      for (std::size_t g = 0; g < made_.groups.size(); ++g) slot_of(g).compute->flush();
      if (control_ != nullptr) keep_pace();
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
      // of the next. In check mode every kernel finds caches full of the interpreter's columns.
      if (s.measured_seconds > 0 && !fresh_[g] && !made_.checked) {
        slot_of(g).history.add(timed_as(c_, made_.groups[g], made_.forms[g], slot_of(g).index), s.elements,
                               s.measured_seconds);
      }
    }
    // A run that failed is made again, and finds them again.
    keep_findings(std::move(found_), receipt_.findings);
    receipt_.plan.steps = std::move(log_.steps);
    receipt_.plan.transfers = std::move(log_.transfers);
    log_.release();
  }

 private:
  device_slot& slot_of(std::size_t g) const {
    return *device_list::shared().slots()[static_cast<std::size_t>(made_.device[g])];
  }

  // A run that may be stopped queues no step before the last one is done.
  void keep_pace() {
    control_->check();
    for (; paced_ < log_.marks.size(); ++paced_) {
      run_log::mark& m = log_.marks[paced_];
      m.slot->compute->flush();
      while (!waited_for(m)) control_->check();
      if (m.on == lane::kernel) control_->reached(m.row, log_.steps[m.row], 1);
    }
  }

  // An error of a kernel belongs to its own step, not to the one that is next.
  bool waited_for(const run_log::mark& m) const {
    try {
      return m.event->wait(std::chrono::milliseconds(10));
    } catch (const error& e) {
      if (m.on != lane::kernel) throw;
      throw_at(e, *m.slot, first_line(c_, made_.groups[m.row]));
    }
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

  backend::block input(device_slot& slot, const value_ref& v, const std::string& reader, memory_reader by) {
    const detail::array_handle& a = array_at(v);
    if (slot.is_host() && on_host_now(*a)) {
      log_.held.push_back(a);
      void* const at = const_cast<void*>(a->host.get());
      return {at, 0, a->bytes, backend::memory_kind::mapped, at};
    }
    if (!slot.is_host() && v.node >= 0 && on_host_now(*a))
      a->on_host.store(true, std::memory_order_release), provisional_.push_back(a);
    return bring_to(slot, a, described(*a) + ", read by " + reader + ",", log_, by);
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
    const std::string reader = form.what + " at " + at_line(first_line(c_, g));
    for (const value_ref& v : g.inputs) {
      backend::argument a;
      a.memory = input(slot, v, reader, reader_of(form.native != nullptr));
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
    if (count == 0) return;
    backend::launch l;
    if (form.native != nullptr) {
      l.bytes = bytes_of(c_, g, form);
      if (g.shape.rank() > 1) l.grain = g.shape[g.shape.rank() - 1];
    }
    launch(slot, kernel, l, arguments, g.shape, count, flops_now(g, form, slot));
  }

  // Check mode: the group is one node, and what it read and wrote is looked at before the next one runs.
  void check(const group& g, const kernel_form& form, device_slot& slot) {
    slot.compute->flush();
    while (!log_.marks.empty() && !waited_for(log_.marks.back()))
      if (control_ != nullptr) control_->check();
    const auto at = static_cast<std::size_t>(g.fold >= 0 ? g.fold : g.nodes.front());
    const cone::member& m = c_.nodes[at];
    node_contents n;
    n.what = m.what.get();
    n.shape = g.shape;
    n.device = slot.info.name;
    n.same_bits = !form.fast && !form.fast_math_unit && g.how.bits == bits::everywhere;
    for (const value_ref& v : m.arguments) {
      n.inputs.push_back(v.node == -2 ? nullptr : readable(array_at(v)));
      n.sizes.push_back(v.node == -2 ? 0 : array_at(v)->shape.count());
    }
    n.results.resize(m.what->output_types.size());
    for (const value_ref& r : g.results)
      n.results[static_cast<std::size_t>(r.output)] = readable(array_at(r));
    for (finding& each : check_node(n, control_)) found_.push_back(std::move(each));
  }

  // The contents in host memory, for as long as the pointer lives. The array gains no host replica.
  std::shared_ptr<const void> readable(const detail::array_handle& a) {
    if (on_host_now(*a) || a->bytes == 0) return a->host;
    std::shared_ptr<void> copy(host_alloc(a->bytes), host_free);
    bring_out(a, copy.get(), described(*a) + ", read by check mode,", log_);
    return copy;
  }

  backend::block room(device_slot& slot, const detail::array_handle& a) {
    written_.emplace_back(a, &slot);
    log_.held.push_back(a);
    if (const backend::block* const idle = reuse_room(slot, *a, log_)) return *idle;
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
      launch(slot, *kernel, {}, arguments, shape, count, kernel == &first ? flops_now(g, form, slot) : 0);
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

  void launch(device_slot& slot, backend::executable& kernel, backend::launch l,
              std::span<const backend::argument> arguments, const extents& shape, std::uint64_t count,
              double flops) {
    l.flops = flops;
    l.arguments = arguments;
    for (int axis = 0; axis < 3; ++axis) l.shape[axis] = shape[axis];
    l.count = count;
    if (control_ != nullptr && slot.is_host() && made_.forms[log_.steps.size() - 1].fold == nullptr)
      run_in_parts(slot, kernel, l);
    else
      slot.compute->run(kernel, l);
    log_.marks.push_back({slot.compute->mark(), &slot, lane::kernel, log_.steps.size() - 1});
    ++receipt_.launches;
    ++counts().launches;
  }

  // The cpu's queue runs while the caller waits: parts of a map, of about `part_seconds` each, let somebody
  // stop it between them.
  void run_in_parts(device_slot& slot, backend::executable& kernel, const backend::launch& whole) {
    constexpr double part_seconds = 5e-3;
    constexpr std::uint64_t unknown_part = std::uint64_t{1} << 22;  // elements, where nothing is predicted
    const std::size_t row = log_.steps.size() - 1;
    const plan_step& step = log_.steps[row];
    const double seconds = step.predicted_seconds;
    std::uint64_t part = unknown_part;
    if (seconds > 0) {
      const double parts = std::clamp(seconds / part_seconds, 1.0, 1e6);
      part = static_cast<std::uint64_t>(static_cast<double>(whole.count) / parts);
    }
    part = std::max<std::uint64_t>(part / tree_block, 16) * tree_block;
    part += (whole.grain - part % whole.grain) % whole.grain;
    for (std::uint64_t done = 0; done < whole.count; done += part) {
      control_->check();
      backend::launch l = whole;
      l.first = done;
      l.count = std::min(part, whole.count - done);
      slot.compute->run(kernel, l);
      control_->reached(row, step,
                        0.999 * static_cast<double>(done + l.count) / static_cast<double>(whole.count));
    }
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
    s.end_seconds =
        slot.info.virtual_clock
            ? receipt_.measured.build
            : std::chrono::duration<double>(std::chrono::steady_clock::now() - log_.began).count();
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
  run_control* control_;
  std::size_t paced_ = 0;  // marks that were waited for
  std::vector<std::shared_ptr<node>>
      dropped_;  // destroyed last, after everything that they keep alive was let go
  std::vector<std::vector<detail::array_handle>> outputs_;
  std::vector<std::pair<detail::array_handle, device_slot*>> written_;
  std::vector<detail::array_handle> provisional_;
  std::vector<finding> found_;  // by check mode
  std::vector<bool> fresh_;     // per group: built in this run
  run_log log_;
};

}  // namespace busfare::core
