// What a placement costs: see pricing.hpp.
#include "core/pricing.hpp"

#include <algorithm>
#include <utility>

#include "core/kernel_build.hpp"
#include "core/residency.hpp"

namespace busfare::core {
namespace {

constexpr int at_host = -1;  // a place; others are indices of slots

class walk {
 public:
  walk(const cone& c, std::span<const group> groups, std::span<const kernel_form> forms,
       std::span<const int> device, std::vector<transfer>* crossings)
      : c_(c), groups_(groups), forms_(forms), device_(device), crossings_(crossings) {}

  placement_price run(bool to_host) {
    double run_seconds = 0;
    const device_slot* slowest = nullptr;  // of those in use: it makes the run wait
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      device_slot& slot = slot_at(device_[g]);
      for (const value_ref& v : groups_[g].inputs) bring(v, slot, g);
      step(g, slot);
      if (slowest == nullptr || rates_of(slot).run_seconds > run_seconds) slowest = &slot;
      run_seconds = std::max(run_seconds, rates_of(slot).run_seconds);
    }
    price_.total.overhead += run_seconds;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      for (const value_ref& v : groups_[g].results) result(v, slot_at(device_[g]), to_host);
    }
    if (slowest != nullptr) {
      price_.total.overhead *= slowest->run_overhead.factor();
      price_.later.overhead *= slowest->read_overhead.factor();
    }
    return std::move(price_);
  }

 private:
  static device_slot& slot_at(int index) {
    return *device_list::shared().slots()[static_cast<std::size_t>(index)];
  }
  static device_rates rates_of(const device_slot& slot) {
    return slot.profile ? slot.profile->rates : device_rates{};
  }
  const detail::array_state* existing(const value_ref& v) const {
    return v.node < 0 ? c_.existing[static_cast<std::size_t>(v.output)].get() : nullptr;
  }
  std::uint64_t bytes_of(const value_ref& v) const {
    if (const detail::array_state* a = existing(v)) return a->bytes;
    const node& n = *c_.nodes[static_cast<std::size_t>(v.node)].what;
    return (n.fold != nullptr ? 1 : n.shape.count()) *
           size_of(n.output_types[static_cast<std::size_t>(v.output)]);
  }
  source_line line_of(const value_ref& v) const {
    if (const detail::array_state* a = existing(v)) return a->line;
    return c_.nodes[static_cast<std::size_t>(v.node)].what->line;
  }
  int producer(const value_ref& v) const {
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const auto& made = groups_[g].results;
      if (std::find(made.begin(), made.end(), v) != made.end()) return device_[g];
    }
    return at_host;
  }
  bool was_brought(const value_ref& v, int place) const {
    return std::find(brought_.begin(), brought_.end(), std::pair{v, place}) != brought_.end();
  }

  static const replica* replica_on(const detail::array_state& a, int device) {
    for (const replica& r : a.replicas)
      if (r.device == device) return &r;
    return nullptr;
  }
  // A copy that was written to since it came to the device, and is no longer valid; null: there is none.
  const replica* stale_on(const value_ref& v, const device_slot& slot) const {
    const detail::array_state* const a = existing(v);
    const replica* const r = a != nullptr ? replica_on(*a, slot.index) : nullptr;
    return r != nullptr && !r->stale.empty() ? r : nullptr;
  }

  bool is_at(const value_ref& v, int place) const {
    if (was_brought(v, place)) return true;
    if (const detail::array_state* a = existing(v)) {
      if (place == at_host) return a->on_host.load(std::memory_order_acquire);
      const replica* const r = replica_on(*a, place);
      return r != nullptr && r->stale.empty();
    }
    const int made = producer(v);
    return made == place || (place == at_host && made >= 0 && slot_at(made).is_host());
  }
  // Some device that holds it, where the host does not.
  int holder(const value_ref& v) const {
    const detail::array_state* a = existing(v);
    if (a == nullptr) return producer(v);
    return a->replicas.empty() ? at_host : a->replicas.front().device;
  }

  void bring(const value_ref& v, device_slot& slot, std::size_t reader) {
    const int place = slot.is_host() ? at_host : slot.index;
    if (is_at(v, place)) {
      if (place != at_host && v.node < 0 && !was_brought(v, place)) avoided(v, slot, reader);
      return;
    }
    const std::string* why = nullptr;
    std::string text;
    if (crossings_ != nullptr) {
      text =
          "the array of " + at_line(line_of(v)) + ", read by " + forms_[reader].what + " at " +
          at_line(first_line(c_, groups_[reader])) +
          (stale_on(v, slot) == nullptr ? ", is not on " + slot.info.name
                                        : ", was written since it came to " + slot.info.name + ", in part");
      why = &text;
    }
    if (!is_at(v, at_host)) {
      if (const int from = holder(v); from != at_host)
        cross(v, slot_at(from), direction::download, why, price_.total);
      brought_.emplace_back(v, at_host);
    }
    if (place == at_host) return;
    cross(v, slot, direction::upload, why, price_.total, true, reader_of(forms_[reader].native != nullptr));
    brought_.emplace_back(v, place);
  }

  // What only reading a result demands was asked for.
  void result(const value_ref& v, device_slot& slot, bool to_host) {
    const cone::member& m = c_.nodes[static_cast<std::size_t>(v.node)];
    if (!m.wanted[static_cast<std::size_t>(v.output)] || is_at(v, at_host)) return;
    if (to_host) {
      std::string text;
      if (crossings_ != nullptr) text = "the result of " + at_line(line_of(v)) + " is wanted on the host";
      cross(v, slot, direction::download, crossings_ != nullptr ? &text : nullptr, price_.total, false);
    } else {
      price_.left_bytes += bytes_of(v);
      cross(v, slot, direction::download, nullptr, price_.later);
    }
  }

  void cross(const value_ref& v, const device_slot& slot, direction way, const std::string* why, fare& f,
             bool implied = true, memory_reader by = memory_reader::our_text) {
    const replica* const stale = way == direction::upload ? stale_on(v, slot) : nullptr;
    const std::uint64_t bytes = stale != nullptr ? stale->stale.bytes() : bytes_of(v);
    if (bytes == 0) return;
    const detail::array_state* a = existing(v);
    transfer t;
    t.direction = way;
    t.fence = stale == nullptr && shared_in_place(slot, a != nullptr ? a->host.get() : nullptr, bytes, by);
    if (const link_curve* const link = link_for(slot, way, t.fence)) {
      const byte_range whole{0, bytes};
      for (const byte_range& each : stale != nullptr ? stale->stale.all() : std::span(&whole, 1)) {
        t.predicted_seconds += link->predict(each.to - each.from);
        t.submit_seconds += link->submit_seconds;
      }
    }
    (way == direction::upload ? f.upload : f.download) += t.predicted_seconds;
    f.overhead += t.submit_seconds;
    if (why == nullptr) return;
    t.device = slot.info.name;
    (t.fence ? t.avoided : t.bytes) = bytes;
    if (!t.fence) t.avoided = bytes_of(v) - bytes;
    t.cause = *why;
    t.implied = implied;
    crossings_->push_back(std::move(t));
  }

  void avoided(const value_ref& v, const device_slot& slot, std::size_t reader) {
    if (crossings_ == nullptr) return;
    transfer t;
    t.device = slot.info.name;
    t.avoided = bytes_of(v);
    t.cause = "the array of " + at_line(line_of(v)) + ", read by " + forms_[reader].what + " at " +
              at_line(first_line(c_, groups_[reader])) + ", is on " + slot.info.name + " already";
    crossings_->push_back(std::move(t));
  }

  void build(const device_rates& rates, build_kind kind, const kernel_form& form, step_price& s) {
    s.build = std::max(s.build, kind);
    if (kind == build_kind::cached) price_.total.build += rates.cached_build_seconds;
    if (kind == build_kind::full) price_.total.build += model::build_seconds(rates, form.operations);
  }

  void step(std::size_t g, device_slot& slot) {
    const group& each = groups_[g];
    const kernel_form& form = forms_[g];
    const device_rates rates = rates_of(slot);
    const int launches = launches_of(each);
    const work_count work = work_of(c_, each, form);
    const model::kernel_work load{
        model::weighted_flops(rates, work.issued(slot.is_host()), work.divisions, form.uses_f64),
        core::bytes_of(c_, each, form), each.shape.count(), form.uses_f64, launches};
    const model::kernel_estimate e = slot.history.predict(timed_as(c_, each, form, slot.index), rates, load);
    step_price s;
    s.kernel = load.elements == 0 ? 0 : e.value;
    s.basis = model::name_of(e.from);
    price_.total.kernel += s.kernel;
    price_.total.overhead += launches * rates.submit_seconds;
    build(rates, build_needed(slot, &c_, &each, form), form, s);
    if (launches > 1) {
      const kernel_form level = level_form(form);
      if (level.key != form.key) build(rates, build_needed(slot, nullptr, nullptr, level), level, s);
    }
    price_.steps.push_back(s);
  }

  const cone& c_;
  std::span<const group> groups_;
  std::span<const kernel_form> forms_;
  std::span<const int> device_;
  std::vector<transfer>* crossings_;
  std::vector<std::pair<value_ref, int>> brought_;  // in this walk, and to where
  placement_price price_;
};

}  // namespace

int launches_of(const group& g) {
  std::uint64_t left = g.shape.count();
  if (left == 0) return 0;
  int launches = 1;
  if (g.fold < 0) return launches;
  for (left = (left - 1) / tree_block + 1; left > 1; left = (left - 1) / tree_block + 1) ++launches;
  return launches;
}

placement_price price_of(const cone& c, std::span<const group> groups, std::span<const kernel_form> forms,
                         std::span<const int> device, bool to_host, std::vector<transfer>* crossings) {
  return walk(c, groups, forms, device, crossings).run(to_host);
}

}  // namespace busfare::core
