// The fixed point behind lanes.hpp.
#include "core/dialect/lanes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/canonical.hpp"

namespace busfare::core {

namespace {

using backend::parameter_kind;
using relation = lane_check::relation;

constexpr std::uint32_t none = program_node::none;

// A place amid an array that is large enough for any window, for asking how a comparison with an edge comes
// out there; what lies further from an edge than `edge` is none. Every axis has an extent of its own, so that
// none is taken for another.
constexpr std::int64_t edge = 256;
std::int64_t sample_extent(std::uint64_t axis) {
  return (std::int64_t{1} << 40) + (std::int64_t(axis) << 30);
}
std::int64_t sample_place(std::uint64_t axis) { return sample_extent(axis) / 2; }

struct sample {
  std::int64_t value = 0;
  bool anchored = false;  // made of literals and extents only
};

std::int64_t wrapped(std::uint64_t x) { return static_cast<std::int64_t>(x); }

class planner {
 public:
  planner(const program& p, int axis) : p_(p), axis_(axis) {
    plan_.of.resize(p.nodes.size());
    plan_.truth.assign(p.nodes.size(), lane_plan::unknown);
    plan_.chosen.assign(p.nodes.size(), lane_plan::unknown);
    plan_.masked.assign(p.loops.size() + 1, 0);
    plan_.before.assign(p.nodes.size(), 0);
    plan_.within.assign(p.nodes.size(), 0);
    plan_.leads.assign(p.nodes.size(), 0);
    for (const program_loop& l : p.loops) plan_.states.emplace_back(l.next.size(), spread::uniform);
  }

  lane_plan run() {
    take_samples();
    // Loops begin as if all lanes agreed; each turn takes back what does not hold, until all of it does.
    do {
      plan_.checks.clear();
      for (std::uint32_t i = 0; i < p_.nodes.size(); ++i) {
        plan_.truth[i] = plan_.chosen[i] = lane_plan::unknown;
        plan_.of[i] = spread_of(i);
      }
    } while (take_back());
    for (std::uint32_t i = 0; i < p_.nodes.size(); ++i) check_lookup(i);
    std::vector<std::uint32_t> todo;
    for (const lane_check& c : plan_.checks) {
      todo.push_back(c.moving);
      if (c.holds != relation::within) todo.push_back(c.fixed);
    }
    while (!todo.empty()) {
      const std::uint32_t i = todo.back();
      todo.pop_back();
      if (std::exchange(plan_.before[i], 1) != 0) continue;
      for_each_dependency(p_, i, [&](std::uint32_t o) { todo.push_back(o); });
    }
    return std::move(plan_);
  }

 private:
  [[nodiscard]] spread of(std::uint32_t node) const { return plan_.of[node]; }
  [[nodiscard]] bool uniform(std::uint32_t node) const { return of(node) == spread::uniform; }

  bool take_back() {
    bool changed = false;
    for (std::size_t s = 0; s < p_.loops.size(); ++s) {
      const program_loop& l = p_.loops[s];
      char& masked = plan_.masked[s + 1];
      if (masked == 0 && (!uniform(l.limit) || (l.condition != none && !uniform(l.condition))))
        masked = changed = true;
      for (std::size_t k = 0; k < l.next.size(); ++k) {
        const bool agree = masked == 0 && uniform(l.start[k]) && uniform(l.next[k]);
        if (agree || plan_.states[s][k] == spread::varying) continue;
        plan_.states[s][k] = spread::varying;
        changed = true;
      }
    }
    return changed;
  }

  spread spread_of(std::uint32_t at) {
    const program_node& n = p_.nodes[at];
    switch (n.op) {
      case op::literal:
      case op::extent:
      case op::loop_index:
      case op::loop:
        return spread::uniform;
      case op::input:
        return p_.arguments[n.bits].kind == parameter_kind::element ? spread::varying : spread::uniform;
      case op::index:
        return n.bits == static_cast<std::uint64_t>(axis_) ? spread::consecutive : spread::uniform;
      case op::lookup:
        return uniform(n.operand[0]) ? spread::uniform : spread::varying;
      case op::loop_state:
        return plan_.states[(n.bits >> 8) - 1][n.bits & 0xff];
      case op::loop_result:
        return plan_.states[p_.nodes[n.operand[0]].bits - 1][n.bits];
      default:
        return operation(at, n);
    }
  }

  spread operation(std::uint32_t at, const program_node& n) {
    const std::uint32_t a = n.operand[0], b = n.operand[1], c = n.operand[2];
    if (n.op == op::land || n.op == op::lor) return junction(at, a, b, n.op == op::land);
    if (n.op == op::lnot && plan_.truth[a] != lane_plan::unknown) return decided(at, plan_.truth[a] == 0);
    if (n.op == op::select && plan_.truth[a] != lane_plan::unknown)
      return choose(at, plan_.truth[a] != 0 ? 1 : 2);
    bool all_uniform = true, some_vary = false;
    for (const std::uint32_t o : n.operand) {
      if (o == none) continue;
      all_uniform = all_uniform && uniform(o);
      some_vary = some_vary || of(o) == spread::varying;
    }
    if (all_uniform) return spread::uniform;
    if (some_vary) return spread::varying;
    switch (n.op) {
      case op::add:
        return uniform(a) || uniform(b) ? spread::consecutive : spread::varying;
      case op::sub:
        return !uniform(a) && !uniform(b) ? spread::uniform
               : uniform(b)               ? spread::consecutive
                                          : spread::varying;
      case op::select:
        return uniform(a) && !uniform(b) && !uniform(c) ? spread::consecutive : spread::varying;
      case op::lt:
      case op::le:
      case op::eq:
      case op::ne:
        return comparison(at, n);
      case op::min:
      case op::max:
        return extremum(at, n);
      default:
        return spread::varying;
    }
  }

  spread decided(std::uint32_t at, bool truth) {
    plan_.truth[at] = truth ? 1 : 0;
    return spread::uniform;
  }
  spread choose(std::uint32_t at, int operand) {
    const std::uint32_t o = p_.nodes[at].operand[operand];
    plan_.chosen[at] = static_cast<std::int8_t>(operand);
    plan_.truth[at] = plan_.truth[o];
    return of(o);
  }
  spread junction(std::uint32_t at, std::uint32_t a, std::uint32_t b, bool both) {
    const std::int8_t decides = both ? 0 : 1;
    if (plan_.truth[a] == decides || plan_.truth[b] == decides) return decided(at, !both);
    if (plan_.truth[a] != lane_plan::unknown) return choose(at, 1);
    if (plan_.truth[b] != lane_plan::unknown) return choose(at, 0);
    return uniform(a) && uniform(b) ? spread::uniform : spread::varying;
  }

  // One operand moves, the other is an edge or near one. Only such comparisons are worth a check: others may
  // come out either way over half of the array.
  [[nodiscard]] bool compares_with_edge(std::uint32_t moving, std::uint32_t fixed) const {
    if (of(moving) != spread::consecutive || !uniform(fixed)) return false;
    if (!samples_[moving] || !samples_[fixed] || !samples_[fixed]->anchored) return false;
    const std::int64_t at = samples_[fixed]->value;
    const auto near = [&](std::int64_t place) { return at - place <= edge && place - at <= edge; };
    return near(0) || near(sample_extent(static_cast<std::uint64_t>(axis_)));
  }

  spread comparison(std::uint32_t at, const program_node& n) {
    const bool left = of(n.operand[0]) == spread::consecutive;
    const std::uint32_t moving = n.operand[left ? 0 : 1], fixed = n.operand[left ? 1 : 0];
    if (!compares_with_edge(moving, fixed)) return spread::varying;
    const std::int64_t m = samples_[moving]->value, f = samples_[fixed]->value;
    relation holds = relation::unequal;
    bool truth = n.op == op::ne;
    if (n.op == op::lt || n.op == op::le) {
      const bool strict = n.op == op::lt;
      truth = left ? (strict ? m < f : m <= f) : (strict ? f < m : f <= m);
      // What the moving one then is, seen from the fixed one.
      holds = left == truth ? (strict == truth ? relation::less : relation::at_most)
                            : (strict == truth ? relation::greater : relation::at_least);
    }
    plan_.checks.push_back({moving, fixed, holds});
    return decided(at, truth);
  }

  spread extremum(std::uint32_t at, const program_node& n) {
    const bool left = of(n.operand[0]) == spread::consecutive;
    const std::uint32_t moving = n.operand[left ? 0 : 1], fixed = n.operand[left ? 1 : 0];
    if (!compares_with_edge(moving, fixed)) return spread::varying;
    const bool above = samples_[moving]->value >= samples_[fixed]->value;
    plan_.checks.push_back({moving, fixed, above ? relation::at_least : relation::at_most});
    return choose(at, (above == (n.op == op::max)) == left ? 0 : 1);
  }

  // Outside of loops, and by an address that is known before anything is read.
  void check_lookup(std::uint32_t at) {
    const program_node& n = p_.nodes[at];
    if (n.op != op::lookup || n.loop != 0 || of(n.operand[0]) != spread::consecutive) return;
    if (!samples_[n.operand[0]]) return;
    plan_.within[at] = 1;
    plan_.leads[at] = !read_close_by(at);
    plan_.checks.push_back({n.operand[0], static_cast<std::uint32_t>(n.bits), relation::within});
  }

  // Whether a lookup before it reads the same table some columns beside.
  [[nodiscard]] bool read_close_by(std::uint32_t at) const {
    const auto place_of = [&](std::uint32_t lookup) {
      return static_cast<std::uint64_t>(samples_[p_.nodes[lookup].operand[0]]->value);
    };
    for (std::uint32_t i = 0; i < at; ++i)
      if (plan_.leads[i] != 0 && p_.nodes[i].bits == p_.nodes[at].bits &&
          place_of(i) - place_of(at) + std::uint64_t{edge} <= 2 * std::uint64_t{edge})
        return true;
    return false;
  }

  void take_samples() {
    samples_.resize(p_.nodes.size());
    for (std::uint32_t i = 0; i < p_.nodes.size(); ++i)
      if (p_.nodes[i].loop == 0) samples_[i] = sample_of(p_.nodes[i]);
  }

  [[nodiscard]] std::optional<sample> sample_of(const program_node& n) const {
    sample of_operand[3];
    for (int k = 0; k < 3 && n.op < op::literal; ++k) {
      if (n.operand[k] == none) continue;
      if (!samples_[n.operand[k]]) return std::nullopt;
      of_operand[k] = *samples_[n.operand[k]];
    }
    const auto& [a, b, c] = of_operand;
    const auto x = static_cast<std::uint64_t>(a.value), y = static_cast<std::uint64_t>(b.value);
    const bool anchored = a.anchored && b.anchored;
    const bool wide = n.type == value_type::i64;
    switch (n.op) {
      case op::literal:
        if (!wide) return std::nullopt;
        return sample{wrapped(n.bits), true};
      case op::extent:
        return sample{sample_extent(n.bits), true};
      case op::index:
        return sample{sample_place(n.bits), false};
      case op::input:  // an offset that the caller gives
        if (!wide || p_.arguments[n.bits].kind != parameter_kind::number) return std::nullopt;
        return sample{0, false};
      case op::lt:
        return sample{a.value < b.value, anchored};
      case op::le:
        return sample{a.value <= b.value, anchored};
      case op::eq:
        return sample{a.value == b.value, anchored};
      case op::ne:
        return sample{a.value != b.value, anchored};
      case op::land:
        return sample{a.value & b.value, anchored};
      case op::lor:
        return sample{a.value | b.value, anchored};
      case op::lnot:
        return sample{a.value ^ 1, a.anchored};
      default:
        break;
    }
    if (!wide) return std::nullopt;
    switch (n.op) {
      case op::add:
        return sample{wrapped(x + y), anchored};
      case op::sub:
        return sample{wrapped(x - y), anchored};
      case op::mul:
        return sample{wrapped(x * y), anchored};
      case op::neg:
        return sample{wrapped(0 - x), a.anchored};
      case op::min:
        return sample{std::min(a.value, b.value), anchored};
      case op::max:
        return sample{std::max(a.value, b.value), anchored};
      case op::select:
        return sample{a.value != 0 ? b.value : c.value, anchored && c.anchored};
      default:
        return std::nullopt;
    }
  }

  const program& p_;
  int axis_;
  lane_plan plan_;
  std::vector<std::optional<sample>> samples_;
};

}  // namespace

int moving_axis(const program& p) noexcept {
  int axis = -1;
  for (const program_node& n : p.nodes)
    if (n.op == op::index || n.op == op::extent) axis = std::max(axis, static_cast<int>(n.bits));
  return axis;
}

lane_plan plan_lanes(const program& p, int axis) { return planner(p, axis).run(); }

}  // namespace busfare::core
