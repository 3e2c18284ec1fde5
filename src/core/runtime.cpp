// The public functions of runtime.hpp, and what recording asks for.
#include "core/runtime.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <set>

#include <busfare/algorithm.hpp>
#include <busfare/runtime.hpp>

#include "core/calibrate.hpp"
#include "core/devices.hpp"
#include "core/executor.hpp"
#include "core/host_memory.hpp"
#include "core/kernel_cache.hpp"
#include "core/profile_store.hpp"
#include "core/trace_notes.hpp"
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
};
defaults& state() {
  static auto* const d = [] {
    auto* made = new defaults;
    if (const char* name = secure_getenv("BUSFARE_DEVICE"); name != nullptr && *name != 0)
      made->how.device = name;
    return made;
  }();
  return *d;
}

profile_store& store() {
  static auto* const s = new profile_store;
  return *s;
}

// Kernels that calibration times; ordinary maps on the device. The first run of each brings its inputs over,
// makes its output's pages and pays for late compilation: the median of the later ones counts.
// What the first run takes beyond the later ones is what building costs: some drivers compile at the first
// launch.
template <class Record> double kernel_seconds(const Record& record, double& build_seconds) {
  const double first = run(record()).wall_seconds;
  std::array<double, 5> seconds{}, walls{};
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const receipt r = run(record());
    seconds[i] = r.measured.kernel;
    walls[i] = r.wall_seconds;
  }
  std::sort(seconds.begin(), seconds.end());
  std::sort(walls.begin(), walls.end());
  build_seconds = std::max(build_seconds, first - walls[2]);
  return seconds[2];
}

// `build_seconds` outlives the probe and grows to the dearest first run.
calibration_probe probe_on(const std::string& name, double& build_seconds) {
  calibration_probe p;
  p.triad_seconds = [name, &build_seconds](std::uint64_t n) {
    const auto b = adopt(std::vector<float>(n, 1.5f)), c = adopt(std::vector<float>(n, 0.25f));
    return kernel_seconds(
        [&] {
          return map(
              on(name), [](auto x, auto y) { return x + 0.5f * y; }, b, c);
        },
        build_seconds);
  };
  p.flops_per_element = 512;
  p.flops_seconds = [name, &build_seconds](std::uint64_t n) {
    const auto x = adopt(std::vector<float>(n, 0.5f));
    // Four independent chains of fused multiply-adds, so that neither latency nor memory decides.
    return kernel_seconds(
        [&] {
          return map(
              on(name),
              [](auto v) {
                const auto [a, b, c, d] = fold(
                    64, state(+v, v + 0.25f, v + 0.5f, v + 0.75f), [](auto s, auto t, auto u, auto w, auto) {
                      return busfare::state(fma(s, 0.999f, 0.001f), fma(t, 0.998f, 0.002f),
                                            fma(u, 0.997f, 0.003f), fma(w, 0.996f, 0.004f));
                    });
                return (a + b) + (c + d);
              },
              x);
        },
        build_seconds);
  };
  p.launch_seconds = [name, &build_seconds] {
    const auto x = adopt(std::vector<float>(64, 0.5f));
    return kernel_seconds(
        [&] {
          return map(
              on(name), [](auto v) { return v + 1.0f; }, x);
        },
        build_seconds);
  };
  return p;
}

}  // namespace

std::vector<std::string> gather_notes() {
  static std::size_t told_of_cache = 0, told_of_profiles = 0;
  std::vector<std::string> all = take_notes();
  const auto append = [&](const std::vector<std::string>& texts, std::size_t& told) {
    for (; told < texts.size(); ++told) all.push_back(texts[told]);
  };
  append(kernel_cache::shared().notes(), told_of_cache);
  append(store().notes(), told_of_profiles);
  std::size_t none = 0;
  append(take_trace_notes(), none);
  return all;
}

bool eager() {
  static const bool on = [] {
    const char* text = secure_getenv("BUSFARE_EAGER");
    return text != nullptr && std::string_view(text) == "1";
  }();
  return on;
}

options effective(const options& how) {
  if (how.device != "auto") return how;
  std::scoped_lock hold(state().lock);
  options h = how;
  h.device = state().how.device;
  return h;
}

void check_device(const options& how, source_line line) {
  const options h = effective(how);
  if (h.device == "auto") return;
  {
    std::scoped_lock hold(state().lock);
    if (state().known.contains(h.device)) return;
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
  double build_seconds = 0;
  try {
    slot.profile = quick_calibrate(*slot.device, probe_on(slot.info.name, build_seconds));
  } catch (...) {
    slot.measuring = false;
    throw;
  }
  slot.measuring = false;
  slot.profile->device = slot.info.name;
  // Kernels of the host's dialect are compiled into the program: their first run pays for pages, not for a
  // build.
  if (slot.info.dialect != "host") slot.profile->rates.build_seconds = build_seconds;
  slot.profile_measured = true;
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
  if (!a->on_host.load(std::memory_order_acquire)) {
    std::scoped_lock hold(core::run_lock());
    core::execute({&a, 1}, true, core::cause_text("host", line));
  }
  return a->host.get();
}

receipt run_arrays(std::span<const array_handle> wanted, source_line line) {
  std::scoped_lock hold(core::run_lock());
  return core::execute(wanted, false, core::cause_text("run", line));
}

plan quote_arrays(std::span<const array_handle> wanted, source_line) {
  std::scoped_lock hold(core::run_lock());
  return core::quote(wanted, false);
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
}

statistics stats() {
  std::scoped_lock hold(core::run_lock());
  const core::run_counts& c = core::counts();
  statistics s;
  s.recorded = core::lazy().recorded.load();
  s.unrun = core::lazy().nodes.load();
  s.runs = c.runs;
  s.forced_by_depth = core::forced_counts[1].load();
  s.forced_by_count = core::forced_counts[2].load();
  s.forced_by_bytes = core::forced_counts[3].load();
  s.plans_reused = c.plans_reused;
  s.plans_made = c.plans_made;
  s.built = c.built;
  s.build_cache_hits = c.build_cache_hits;
  s.launches = c.launches;
  return s;
}

void forget() {
  std::scoped_lock hold(core::run_lock());
  core::forget_plans();
  for (const auto& slot : core::device_list::shared().slots()) {
    slot->built.clear();
    if (!slot->device) continue;
    for (const backend::block& b : slot->spare) slot->device->release(b);
    slot->spare.clear();
    slot->spare_bytes = 0;
  }
  core::host_memory_trim();
}

}  // namespace busfare
