// Placement: the whole job on each eligible device, transfers and builds included; the least total wins.
#include "core/planner.hpp"

#include <algorithm>

#include "core/native_form.hpp"
#include "core/pricing.hpp"
#include "core/printing.hpp"
#include "core/quick_run.hpp"
#include "model/recent_map.hpp"

namespace busfare::core {
namespace {

// Below this much predicted work on the cpu no offload is worth its launch and its crossing.
constexpr double not_worth_asking_seconds = 200e-6;
// Predictions closer than this are the same.
constexpr double clearly_less = 0.97;

struct hash_of_words {
  std::size_t operator()(const std::vector<std::uint64_t>& words) const {
    std::uint64_t h = 0x9e3779b97f4a7c15u;
    for (const std::uint64_t w : words) h = (h ^ w) * 0xff51afd7ed558ccdu, h ^= h >> 32;
    return h;
  }
};
// By signature. Whoever runs a plan shares it, so that dropping one here ends no run.
using cached_plans =
    model::recent_map<std::vector<std::uint64_t>, std::shared_ptr<const compiled_plan>, hash_of_words>;
cached_plans& cache() {
  static auto* const c = new cached_plans;
  return *c;
}

// One word: on the host, on which of the first 62 devices, and on which of them in part.
std::uint64_t place_word(const detail::array_state& a) {
  std::uint64_t w = a.on_host.load(std::memory_order_acquire) ? 1 : 0;
  for (const replica& r : a.replicas) {
    const auto device = static_cast<std::uint64_t>(r.device);
    if (r.stale.empty())
      w |= std::uint64_t{2} << (device % 62);
    else
      w ^= (device + 1) * 0x9e3779b97f4a7c15u;
  }
  return w;
}

// The whole cone with everything that names no device on this one, the results brought to the host.
candidate cost_on(device_slot& slot, const cone& c, const compiled_plan& made) {
  candidate k;
  k.device = slot.info.name;
  std::vector<int> device = made.device;
  for (std::size_t g = 0; g < device.size(); ++g) {
    if (device[g] >= 0) continue;
    device[g] = slot.index;
    k.note = refusal(slot, made.forms[g], made.groups[g].how);
    if (k.note.empty()) continue;
    k.eligible = false;
    return k;
  }
  const placement_price price = price_of(c, made.groups, made.forms, device, true, nullptr);
  k.predicted = price.total;
  k.note = price.steps.front().basis;
  return k;
}

// Which bound on bits holds where it is not that of same bits; empty: same bits.
std::string bits_note(const device_slot& on, const kernel_form& form, const options& how) {
  if (form.fast) return "bits: may differ between devices (math::fast)";
  const std::string why = how.bits == bits::device ? lacking(on, form) : "";
  return why.empty() ? why : "bits: those of " + on.info.name + " (bits::device): " + why;
}

// The device that would win, were its kernels built; null: none would. `made` has no other yet.
std::shared_ptr<better_once_built> better_than(const candidate& best, const compiled_plan& made,
                                               const std::vector<std::size_t>& placed, busfare::fare& fare) {
  const candidate* other = nullptr;
  const auto built = [](const candidate& k) { return k.predicted.total() - k.predicted.build; };
  for (const candidate& k : made.said.candidates) {
    if (!k.eligible || k.device == best.device || k.predicted.build <= 0) continue;
    if (built(k) >= clearly_less * built(other != nullptr ? *other : best)) continue;
    const better_once_built asked{device_list::shared().find(k.device).index, placed};
    // What is built already is in the price for groups that are placed by name.
    if (!can_build(made, asked) || is_built(made, asked)) continue;
    other = &k;
  }
  if (other == nullptr) return nullptr;
  auto later = std::make_shared<better_once_built>();
  later->device = device_list::shared().find(other->device).index;
  later->groups = placed;
  later->saves = built(best) - built(*other);
  later->build = other->predicted.build;
  fare = other->predicted;
  return later;
}

// Only kernels of the user's own have no form for the cpu.
[[noreturn]] void throw_nowhere(const std::vector<candidate>& all, const cone& c, const compiled_plan& made) {
  std::string why;
  for (const candidate& k : all) why += (why.empty() ? "" : "; ") + k.device + ": " + k.note;
  error::details d;
  for (std::size_t g = 0; g < made.groups.size(); ++g)
    if (made.forms[g].native != nullptr && d.line.line == 0) d.line = first_line(c, made.groups[g]);
  d.hint = "give the native kernel a form for one of these devices";
  throw error(error_class::unavailable, "no device can run this job (" + why + ")", d);
}

// One slow run may be somebody else's fault.
constexpr double far_off = 2, clearly_more = 1.5, worth_a_thought_seconds = 100e-6;

// By what was predicted when the device was chosen: later predictions of the same plan know the measured
// times.
bool was_slow(const receipt& r) {
  const double took = r.measured.total() - r.measured.build;
  bool far_from_its_own = false, another_is_better = false;
  // Where the work seemed too little for an offload, no other device was asked.
  if (r.plan.candidates.size() == 1) another_is_better = took > not_worth_asking_seconds;
  for (const candidate& k : r.plan.candidates) {
    const double predicted = k.predicted.total() - k.predicted.build;
    if (k.device == r.plan.device)
      far_from_its_own = took > far_off * predicted;
    else if (k.eligible && took > clearly_more * predicted && took - predicted > worth_a_thought_seconds)
      another_is_better = true;
  }
  return far_from_its_own && another_is_better;
}

}  // namespace

void forget_plans() {
  cache().clear();
  forget_quick();
}
std::size_t plans_kept() { return cache().size(); }

std::shared_ptr<const compiled_plan> plan_for(const cone& c, bool& reused, bool checked) {
  take_in_built();
  std::vector<std::uint64_t> words = signature(c, &place_word);
  const std::string chosen_by_default = effective(options{}).device;
  words.push_back(std::hash<std::string>{}(chosen_by_default));
  words.push_back(checked ? 1 : 0);
  for (const cone::member& m : c.nodes)
    if (m.what->map != nullptr && m.what->map->native != nullptr) words.push_back(cost_class(m.what->cost));
  const auto known = cache().find(words);
  reused = known != cache().end();
  std::shared_ptr<const compiled_plan> doubted;
  if (reused) {
    const compiled_plan& there = *known->second;
    if (there.doubts != nullptr && there.doubts->slow_runs >= there.doubts->patience)
      doubted = known->second;
    else if (there.later == nullptr || !is_built(there, *there.later))
      return known->second;
  }
  reused = false;
  auto made = std::make_shared<compiled_plan>();
  made->checked = checked;
  fusion_limits limits;
  limits.alone = checked;
  made->groups = fuse(c, limits);
  for (const group& g : made->groups) made->forms.push_back(form_of(c, g));

  device_list& list = device_list::shared();
  busfare::plan& said = made->said;
  // Devices that the options name.
  bool any_auto = false;
  made->device.assign(made->groups.size(), -1);
  for (std::size_t g = 0; g < made->groups.size(); ++g) {
    const std::string name = effective(made->groups[g].how).device;
    if (name == "auto") {
      any_auto = true;
      continue;
    }
    device_slot& slot = list.open(list.find(name));
    const std::string why = refusal(slot, made->forms[g], made->groups[g].how);
    if (!why.empty()) {
      error::details d;
      d.device = name;
      d.line = first_line(c, made->groups[g]);
      d.hint = "choose another device";
      throw error(error_class::unavailable, "the device cannot run this kernel: " + why, d);
    }
    profile(slot);
    made->device[g] = slot.index;
    said.device = name;
    said.reason = "asked for by name";
  }
  if (any_auto) {
    device_slot& cpu = list.open(list.host());
    profile(cpu);
    candidate best = cost_on(cpu, c, *made);
    said.candidates.push_back(best);
    std::vector<std::size_t> placed;
    for (std::size_t g = 0; g < made->device.size(); ++g)
      if (made->device[g] < 0) placed.push_back(g);
    bool resident_elsewhere = false;
    for (const detail::array_handle& a : c.existing)
      resident_elsewhere = resident_elsewhere || (!a->replicas.empty());
    if (best.eligible && best.predicted.total() < not_worth_asking_seconds && !resident_elsewhere) {
      said.reason = "less work than an offload costs";
    } else {
      for (std::size_t s = 0; s < list.slots().size(); ++s) {
        device_slot& slot = *list.slots()[s];
        if (slot.is_host() || slot.info.virtual_clock || slot.from == nullptr)
          continue;  // auto never picks simulated devices
        try {
          list.open(slot);
          profile(slot);
        } catch (const error& e) {
          candidate k;
          k.device = slot.info.name;
          k.eligible = false;
          k.note = e.message();
          said.candidates.push_back(k);
          continue;
        }
        const candidate k = cost_on(slot, c, *made);
        said.candidates.push_back(k);
        // Ties go to where the data are, and to the cpu before devices on its own cores.
        if (k.eligible && (!best.eligible || k.predicted.total() < clearly_less * best.predicted.total()))
          best = k;
      }
      if (!best.eligible) throw_nowhere(said.candidates, c, *made);
      busfare::fare fare;
      if (!checked) made->later = better_than(best, *made, placed, fare);
      if (made->later)
        said.notes.push_back(
            device_list::shared().slots()[static_cast<std::size_t>(made->later->device)]->info.name +
            " would end first, in " + time_text(fare.total() - fare.build) +
            ", were its kernels built, which takes " + time_text(fare.build) +
            ": runs order that behind the scenes, and " + best.device + " answers until then");
      said.reason = said.candidates.size() == 1
                        ? "no other device is here"
                        : "least predicted total, from the inputs where they are to the result on the host";
    }
    const int chosen = list.find(best.device).index;
    for (int& d : made->device) {
      if (d < 0) d = chosen;
    }
    said.device = best.device;
    made->doubts = std::make_shared<plan_doubts>();
    // Two devices that are both disturbed are not to take turns, nor is one to be confirmed again and again.
    if (doubted)
      made->doubts->patience = std::min(4 * doubted->doubts->patience, plan_doubts::longest_patience);
  }
  said.checked = checked;
  if (checked)
    said.notes.push_back(
        "check mode is on: every node is a kernel of its own and is computed again on the host, which no "
        "predicted time holds");
  for (std::size_t g = 0; g < made->groups.size(); ++g) {
    const device_slot& slot = *list.slots()[static_cast<std::size_t>(made->device[g])];
    plan_step s;
    s.device = slot.info.name;
    s.what = made->forms[g].what;
    s.elements = made->groups[g].shape.count();
    s.cut = made->groups[g].cut;
    if (checked && made->forms[g].native != nullptr)
      said.notes.push_back("check mode does not look into the hand-written kernel " + s.what);
    said.simulated = said.simulated || slot.info.virtual_clock;
    const std::string bound = bits_note(slot, made->forms[g], made->groups[g].how);
    if (!bound.empty() && std::find(said.notes.begin(), said.notes.end(), bound) == said.notes.end())
      said.notes.push_back(bound);
    if (made->forms[g].fast_math_unit)
      said.notes.push_back("a kernel comes from a unit built with -ffast-math: same bits are not promised");
    for (const int n : made->groups[g].nodes) {
      const node& what = *c.nodes[static_cast<std::size_t>(n)].what;
      if (what.map->program->f64_from_literal) {
        said.notes.push_back("the map at " + std::string(what.line.file) + ":" +
                             std::to_string(what.line.line) +
                             " computes in f64 only because of a double literal: write 2.0f for 2.0");
      }
    }
    said.steps.push_back(std::move(s));
  }
  cache().assign(std::move(words), made);
  cache().keep(plan_limit);
  return made;
}

void doubt(const receipt& r, const compiled_plan& made) noexcept {
  // The first run of a plan may have opened devices.
  if (made.doubts == nullptr || r.plan.simulated || made.checked || !r.plan.reused) return;
  made.doubts->slow_runs = was_slow(r) ? made.doubts->slow_runs + 1 : 0;
}

void predict(busfare::plan& p, const compiled_plan& made, const cone& c, bool to_host,
             std::vector<transfer>* crossings) {
  const placement_price price = price_of(c, made.groups, made.forms, made.device, to_host, crossings);
  p.predicted = price.total;
  p.result_on_host = to_host;
  p.left_bytes = price.left_bytes;
  p.later = price.later;
  for (std::size_t g = 0; g < made.groups.size(); ++g) {
    plan_step& s = p.steps[g];
    lines_of(c, made.groups[g], s.lines);
    s.bytes = bytes_of(c, made.groups[g], made.forms[g]) * static_cast<double>(s.elements);
    s.predicted_seconds = price.steps[g].kernel;
    s.basis = price.steps[g].basis;
    s.build = price.steps[g].build;
    s.flops = work_of(c, made.groups[g], made.forms[g]).flops * static_cast<double>(s.elements);
  }
}

}  // namespace busfare::core
