// Counting a program's operations: see work_count.hpp.
#include "core/work_count.hpp"

#include <vector>

#include "core/canonical.hpp"
#include "core/dialect/definitions.hpp"

namespace busfare::core {
namespace {

bool is_float(value_type t) { return t == value_type::f32 || t == value_type::f64; }

work_count work_of_node(const program& p, const program_node& n) {
  work_count w;
  if (static_cast<int>(n.op) >= vocabulary_size) return w;
  w.flops = vocabulary[static_cast<int>(n.op)].flops;
  if (is_defined(n.op)) {
    const work_count inside = work_of(definition_of(n.op, n.type), {});
    w.instructions = inside.instructions;
    w.divisions = inside.divisions;
    return w;
  }
  switch (n.op) {
    case op::div:
    case op::mod:
    case op::sqrt:
      w.divisions = 1;
      break;
    case op::min:
    case op::max:
      w.instructions = is_float(p.nodes[n.operand[0]].type) ? 6 : 2;
      break;
    case op::bit_cast:
      break;
    default:
      w.instructions = 1;
  }
  return w;
}

// Marks the nodes that say nothing but where a window's lookup reads. Only windows know extents.
std::vector<char> addresses_of(const program& p) {
  std::vector<char> is_value(p.nodes.size(), 0);
  bool windows = false;
  for (const program_node& n : p.nodes) windows = windows || n.op == op::extent;
  if (!windows) return std::vector<char>(p.nodes.size(), 0);
  const auto mark = [&](std::uint32_t node) {
    if (node != program_node::none) is_value[node] = 1;
  };
  for (const std::uint32_t r : p.results) mark(r);
  for (const program_loop& l : p.loops) {
    mark(l.limit);
    mark(l.condition);
    for (const std::uint32_t s : l.start) mark(s);
    for (const std::uint32_t s : l.next) mark(s);
  }
  for (std::size_t i = p.nodes.size(); i-- > 0;) {
    if (is_value[i] == 0 || p.nodes[i].op == op::lookup) continue;
    for (const std::uint32_t o : p.nodes[i].operand) mark(o);
  }
  for (char& each : is_value) each = each == 0 ? 1 : 0;
  return is_value;
}

}  // namespace

work_count work_of(const program& p, std::span<const std::uint64_t> numbers) {
  const std::vector<double> weight = loop_weights(p, numbers);
  const std::vector<char> addresses = addresses_of(p);
  work_count total;
  for (std::size_t i = 0; i < p.nodes.size(); ++i) {
    const program_node& n = p.nodes[i];
    work_count w = work_of_node(p, n);
    if (addresses[i] != 0) {
      total.addressing += w.instructions * weight[n.loop];
      continue;
    }
    w.flops *= weight[n.loop];
    w.instructions *= weight[n.loop];
    w.divisions *= weight[n.loop];
    total += w;
  }
  return total;
}

}  // namespace busfare::core
