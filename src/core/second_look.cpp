// The interpreter's second look: backwards from the results, so that only what matters is told.
#include <algorithm>

#include "core/interpreter.hpp"

namespace busfare::core {
namespace {

constexpr std::uint32_t none = program_node::none;

}  // namespace

bool interpreter::born_nan(const program_node& n, std::uint32_t node, std::size_t lane) const {
  if (!is_nan(n.type, at(node), lane)) return false;
  for (const std::uint32_t o : n.operand)
    if (o != none && is_nan(type_of(o), at(o), lane)) return false;
  return true;
}

// Returns whether anything happened at the node in the lanes of `among`; `telling`: tells each.
bool interpreter::inspect(std::uint32_t node, const lane_mask& among, bool telling) {
  const program_node& n = p_.nodes[node];
  bool happened = false;
  const auto at_lane = [&](finding_kind kind, std::size_t i, const std::array<std::uint64_t, 3>& operands) {
    happened = true;
    if (telling) tell(kind, node, i, operands);
  };
  // Bits that a kernel puts together itself mean what they mean.
  if (static_cast<int>(n.op) < vocabulary_size && n.op != op::bit_cast && any_nan(n.type, at(node))) {
    for (std::size_t i = 0; i < count_; ++i) {
      if (among[i] == 0 || !born_nan(n, node, i)) continue;
      std::array<std::uint64_t, 3> x{};
      for (std::size_t k = 0; k < 3; ++k)
        if (n.operand[k] != none) x[k] = bits(n.operand[k], i);
      at_lane(finding_kind::nan_born, i, x);
    }
  }
  if (n.op == op::lookup) {
    const auto size = static_cast<std::int64_t>(from_.arguments[n.bits].size);
    const auto* const index = reinterpret_cast<const std::int64_t*>(at(n.operand[0]));
    for (std::size_t i = 0; i < count_; ++i) {
      if (among[i] != 0 && (index[i] < 0 || index[i] >= size))
        at_lane(finding_kind::out_of_range, i, {bits(n.operand[0], i), 0, 0});
    }
  }
  if (looks_.empty()) return happened;
  for (const window_look* each : looks_[node]) {
    const auto* const offset = reinterpret_cast<const std::int64_t*>(at(each->offset));
    for (std::size_t i = 0; i < count_; ++i) {
      if (among[i] == 0 || (offset[i] >= -each->radius && offset[i] <= each->radius)) continue;
      at_lane(finding_kind::beyond_radius, i,
              {bits(each->offset, i), static_cast<std::uint64_t>(each->radius),
               static_cast<std::uint64_t>(each->axis)});
    }
  }
  return happened;
}

void interpreter::look(std::uint16_t loop) {
  const std::vector<std::uint32_t>& nodes = levels_[loop];
  for (std::size_t k = nodes.size(); k-- > 0;) {
    const std::uint32_t node = nodes[k];
    if (!any_of(needed_[node])) continue;
    inspect(node, needed_[node], true);
    if (p_.nodes[node].op == op::loop)
      repeat(static_cast<std::uint16_t>(p_.nodes[node].bits), lane_mask(needed_[node]), true);
    else
      need_operands(node);
  }
}

void interpreter::need(std::uint32_t node, const lane_mask& by) {
  std::uint8_t* const __restrict to = needed_[node].data();
  const std::uint8_t* const __restrict from = by.data();
  for (std::size_t i = 0; i < lanes; ++i) to[i] |= from[i];
}

// Masks are read from left to right, as && and || are: what is on the right matters where the left does not
// decide.
void interpreter::need_operands(std::uint32_t node) {
  const program_node& n = p_.nodes[node];
  const lane_mask& by = needed_[node];
  const auto need_where = [&](std::uint32_t operand, std::uint8_t truth) {
    const auto* const __restrict decides = reinterpret_cast<const std::uint8_t*>(at(n.operand[0]));
    const std::uint8_t* const __restrict all = by.data();
    const auto flip = static_cast<std::uint8_t>(truth ^ 1u);
    lane_mask some;
    for (std::size_t i = 0; i < lanes; ++i) some[i] = static_cast<std::uint8_t>(all[i] & (decides[i] ^ flip));
    need(operand, some);
  };
  if (n.operand[0] == none) return;
  need(n.operand[0], by);
  if (n.op == op::select) {
    need_where(n.operand[1], 1);
    need_where(n.operand[2], 0);
  } else if (n.op == op::land || n.op == op::lor) {
    need_where(n.operand[1], n.op == op::land ? 1 : 0);
  } else {
    for (const std::uint32_t o : {n.operand[1], n.operand[2]})
      if (o != none) need(o, by);
  }
}

// The loop itself does not test after its last step, so the condition is computed once more.
void interpreter::tell_limit(std::uint16_t serial, const lane_mask& ran_out) {
  const program_loop& l = p_.loops[serial - 1u];
  evaluate(serial, ran_out);
  for (std::size_t i = 0; i < count_; ++i) {
    if (ran_out[i] != 0 && at(l.condition)[i] != std::byte{0})
      tell(finding_kind::limit_reached, loops_[serial - 1u].node, i, {bits(l.limit, i), 0, 0});
  }
}

void interpreter::tell(finding_kind kind, std::uint32_t node, std::size_t lane,
                       const std::array<std::uint64_t, 3>& operands) {
  if (!told_[node]) {
    told_[node] = std::make_unique<lane_mask>();
    told_[node]->fill(0);
    told_nodes_.push_back(node);
  }
  const auto flag = static_cast<std::uint8_t>(1u << static_cast<unsigned>(kind));
  std::uint8_t& told = (*told_[node])[lane];
  if ((told & flag) != 0) return;
  told |= flag;
  see_({kind, node, first_ + lane, operands});
}

}  // namespace busfare::core
