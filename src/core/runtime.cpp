// The public functions of runtime.hpp, and what recording asks for.
#include "core/runtime.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

#include <busfare/algorithm.hpp>
#include <busfare/runtime.hpp>

#include "core/calibrate.hpp"
#include "core/check_mode.hpp"
#include "core/devices.hpp"
#include "core/executor.hpp"
#include "core/host_memory.hpp"
#include "core/kernel_cache.hpp"
#include "core/lent_memory.hpp"
#include "core/prefetch.hpp"
#include "core/probe.hpp"
#include "core/profile_store.hpp"
#include "core/quick_run.hpp"
#include "core/residency.hpp"
#include "core/trace_notes.hpp"
#include "core/trace_record.hpp"
#include "core/versions.hpp"
#include "model/shipped.hpp"

namespace busfare {
namespace core {
namespace {

std::atomic<std::uint64_t> forced_counts[4];

std::string cause_text(const char* what, const source_line& l) {
  return l.line != 0 ? std::string(what) + " at " + l.file + ":" + std::to_string(l.line) : what;
}

struct defaults {
  std::mutex lock;
  options how;
  std::set<std::string, std::less<>> known;  // device names that were found
  std::atomic<bool> named = false;           // how.device is not "auto"
};
defaults& state() {
  static auto* const d = [] {
    auto* made = new defaults;
    if (const char* name = secure_getenv("BUSFARE_DEVICE"); name != nullptr && *name != 0)
      made->how.device = name;
    made->named = made->how.device != "auto";
    return made;
  }();
  return *d;
}

profile_store& store() {
  static auto* const s = new profile_store;
  return *s;
}

}  // namespace

std::vector<std::string> gather_notes(bool told) {
  static std::size_t seen_of_cache = 0, seen_of_profiles = 0;
  static std::vector<std::string> untold;
  const auto append = [&](const std::vector<std::string>& texts, std::size_t& seen) {
    for (; seen < texts.size(); ++seen) untold.push_back(texts[seen]);
  };
  std::size_t none = 0, no_trace = 0;
  append(take_notes(), none);
  append(kernel_cache::shared().notes(), seen_of_cache);
  append(store().notes(), seen_of_profiles);
  append(take_trace_notes(), no_trace);
  return told ? std::exchange(untold, {}) : untold;
}

bool eager() {
  static const bool on = [] {
    const char* text = secure_getenv("BUSFARE_EAGER");
    return text != nullptr && std::string_view(text) == "1";
  }();
  return on;
}

options effective(const options& how) {
  if (how.device != "auto" || !state().named) return how;
  std::scoped_lock hold(state().lock);
  options h = how;
  h.device = state().how.device;
  return h;
}

void check_device(const options& how, source_line line) {
  // Devices never leave the list, and a call site asks for the same one again and again. Never "auto", which
  // stands for the default.
  thread_local std::string last;
  const auto was_found = [&](const std::string& name) { return !last.empty() && name == last; };
  if (was_found(how.device) || (how.device == "auto" && !state().named)) return;
  const options h = effective(how);
  if (was_found(h.device) || h.device == "auto") return;
  {
    std::scoped_lock hold(state().lock);
    if (state().known.contains(h.device)) {
      last = h.device;
      return;
    }
  }
  try {
    std::scoped_lock hold(run_lock());
    device_list::shared().find(h.device);
  } catch (const error& e) {
    error::details d = e.where();
    d.line = line;
    throw error(e.kind(), e.message(), d);
  }
  std::scoped_lock hold(state().lock);
  state().known.insert(h.device);
}

void run_forced(std::span<const detail::array_handle> wanted, forced why, source_line line) {
  static constexpr const char* texts[] = {"BUSFARE_EAGER", "64 unrun nodes deep", "more than 256 unrun nodes",
                                          "unrun results over a quarter of memory"};
  forced_counts[static_cast<int>(why)].fetch_add(1, std::memory_order_relaxed);
  std::scoped_lock hold(run_lock());
  execute(wanted, false, cause_text(texts[static_cast<int>(why)], line));
}

const device_profile& measure(device_slot& slot) {
  slot.measuring = true;
  try {
    const std::scoped_lock building(slot.build_lock);
    slot.profile = quick_calibrate(*slot.device, probe_on(slot));
  } catch (...) {
    slot.measuring = false;
    throw;
  }
  slot.measuring = false;
  slot.profile->device = slot.info.name;
  slot.profile_measured = true;
  slot.run_overhead = slot.read_overhead = {};
  store().save(*slot.profile);
  forget_plans();
  return *slot.profile;
}

const device_profile& profile(device_slot& slot) {
  static const device_profile none;
  if (slot.profile) return *slot.profile;
  if (slot.measuring) return none;
  if (slot.info.virtual_clock) {
    slot.profile = model::simulated_profile(slot.info.name);
    return *slot.profile;
  }
  if (slot.from == nullptr) return none;  // a device of the caller's: nothing is known of it
  if (auto stored = store().load(slot.info.fingerprint)) {
    slot.profile = std::move(*stored);
    slot.profile_measured = true;
    return *slot.profile;
  }
  return measure(slot);
}

}  // namespace core

namespace detail {

const void* host_of(const array_handle& a, source_line line) {
  const bool here = a->on_host.load(std::memory_order_acquire);
  // The memory of a borrowed array changes when its lease ends.
  if (here && !a->borrowed.load(std::memory_order_acquire)) return a->host.get();
  std::shared_ptr<core::node> gone;
  std::scoped_lock hold(core::run_lock());
  if (!a->on_host.load(std::memory_order_acquire) && !core::run_quickly(a, gone))
    core::execute({&a, 1}, true, core::cause_text("host", line));
  return a->host.get();
}

void copy_out(const array_handle& a, void* to, source_line line) {
  if (a->bytes == 0) return;
  const std::string cause = core::cause_text("into", line);
  core::await_taken_back(to, a->bytes, cause);
  if (a->on_host.load(std::memory_order_acquire)) {
    std::memcpy(to, host_of(a, line), a->bytes);
    return;
  }
  std::shared_ptr<core::node> gone;
  std::scoped_lock hold(core::run_lock());
  if (!core::run_quickly(a, gone)) core::execute({&a, 1}, false, cause);
  if (!a->on_host.load(std::memory_order_acquire)) {
    busfare::trace of_log;
    core::run_log log;
    core::bring_out(
        a, to, "the result of " + core::at_line(a->line) + ", wanted at " + core::at_line(line) + ",", log);
    log.settle(of_log);
    core::keep_trace(of_log, log.began);
  } else {
    std::memcpy(to, a->host.get(), a->bytes);
  }
}

receipt run_arrays(std::span<const array_handle> wanted, source_line line) {
  std::scoped_lock hold(core::run_lock());
  return core::execute(wanted, false, core::cause_text("run", line));
}

plan quote_arrays(std::span<const array_handle> wanted, source_line) {
  std::scoped_lock hold(core::run_lock());
  return core::quote(wanted);
}

}  // namespace detail

std::vector<device_description> devices() {
  std::scoped_lock hold(core::run_lock());
  core::device_list& list = core::device_list::shared();
  std::vector<device_description> all;
  for (const auto& slot : list.slots()) {
    device_description d;
    d.name = slot->info.name;
    d.description = slot->info.description;
    d.capacity = slot->info.capacity;
    d.compute_units = slot->info.compute_units;
    d.f64 = slot->info.f64;
    d.shares_host_memory = slot->info.shares_host_memory;
    d.simulated = slot->info.virtual_clock;
    d.calibrated =
        !d.simulated && (slot->profile_measured || core::store().load(slot->info.fingerprint).has_value());
    all.push_back(std::move(d));
  }
  for (const core::missing_module& m : list.missing()) {
    device_description d;
    d.name = m.name;
    d.unavailable = m.reason;
    d.remedy = m.remedy;
    all.push_back(std::move(d));
  }
  return all;
}

device_profile profile_of(const std::string& device) {
  std::scoped_lock hold(core::run_lock());
  core::device_list& list = core::device_list::shared();
  return core::profile(list.open(list.find(device)));
}

device_profile calibrate(const std::string& device) {
  std::scoped_lock hold(core::run_lock());
  core::device_list& list = core::device_list::shared();
  core::device_slot& slot = list.open(list.find(device));
  if (slot.info.virtual_clock)
    throw error(error_class::invalid_argument,
                "\"" + device + "\" is simulated: its profile is shipped, there is nothing to measure");
  return core::measure(slot);
}

options default_options() {
  std::scoped_lock hold(core::state().lock);
  return core::state().how;
}

void set_default_options(const options& how) {
  if (how.device != "auto") {
    std::scoped_lock hold(core::run_lock());
    core::device_list::shared().find(how.device);
  }
  std::scoped_lock hold(core::state().lock);
  core::state().how = how;
  core::state().named = how.device != "auto";
  core::forget_quick();
}

statistics stats() {
  std::scoped_lock hold(core::run_lock());
  const core::run_counts& c = core::counts();
  statistics s;
  s.recorded = core::lazy().recorded.load();
  s.unrun = core::lazy().nodes();
  s.runs = c.runs;
  s.short_runs = c.short_runs;
  const auto cuts = [&](core::cut_cause why) { return c.cuts[static_cast<std::size_t>(why)]; };
  s.cut_by_operations = cuts(core::cut_cause::operations);
  s.cut_by_inputs = cuts(core::cut_cause::inputs);
  s.cut_by_outputs = cuts(core::cut_cause::outputs);
  s.cut_by_arguments = cuts(core::cut_cause::arguments);
  s.cut_by_math = cuts(core::cut_cause::math);
  s.forced_by_eager = core::forced_counts[0].load();
  s.forced_by_depth = core::forced_counts[1].load();
  s.forced_by_count = core::forced_counts[2].load();
  s.forced_by_bytes = core::forced_counts[3].load();
  s.plans_reused = c.plans_reused;
  s.plans_made = c.plans_made;
  s.built = c.built;
  s.build_cache_hits = c.build_cache_hits;
  s.built_behind = c.built_behind;
  s.launches = c.launches;
  s.writes_taken_over = core::writes().taken_over;
  s.writes_copied = core::writes().copied;
  s.findings = core::findings_counted();
  return s;
}

void forget() {
  std::scoped_lock hold(core::run_lock());
  core::settle_prefetches(true);
  core::forget_plans();
  for (const auto& slot : core::device_list::shared().slots()) {
    slot->built.clear();
    slot->warmed.clear();
    slot->asked.clear();
    slot->behind.clear();
    slot->unbuildable.clear();
    if (!slot->device) continue;
    for (const backend::block& b : slot->spare) slot->device->release(b);
    slot->spare.clear();
    slot->spare_bytes = 0;
  }
  core::host_memory_trim();
}

}  // namespace busfare
