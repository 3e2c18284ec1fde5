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

}  // namespace

work_count work_of(const program& p, std::span<const std::uint64_t> numbers) {
  const std::vector<double> weight = loop_weights(p, numbers);
  work_count total;
  for (const program_node& n : p.nodes) {
    work_count w = work_of_node(p, n);
    w.flops *= weight[n.loop];
    w.instructions *= weight[n.loop];
    w.divisions *= weight[n.loop];
    total += w;
  }
  return total;
}

}  // namespace busfare::core
