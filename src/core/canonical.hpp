// Programs in canonical order, and their names.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <busfare/program.hpp>

namespace busfare::core {

/// Renumbers nodes and loops depth-first from the results (operands in order; loops: start, limit, next,
/// condition), shares equal nodes, drops unused ones, and fills in every derived field.
/// A loop's literal limit multiplies the flops of its body: a fold's by min(limit, 10^6), an iterate's by
/// half of that, since its lanes end somewhere before; other limits count once.
program_ptr canonical(program&& raw);

/// Equality of everything that the id is made of.
bool same(const program& a, const program& b);

/// How often the body of each loop runs for one element, by serial; 1 for what is in none (serial 0). A loop
/// counts its limit where that is a literal or a number argument whose bits `numbers` holds (one per argument
/// of the program; may be empty), else once; half of it with a condition.
std::vector<double> loop_weights(const program& p, std::span<const std::uint64_t> numbers);

/// A name for something made of several programs and a few numbers.
program_id combined_id(std::span<const program_id> parts, std::span<const std::uint64_t> numbers);

/// The same of a name and texts.
program_id text_id(std::string_view name, std::span<const std::string_view> texts);

/// Calls f(node) for everything that node `at` needs, in canonical order.
template <class F> void for_each_dependency(const program& p, std::uint32_t at, F&& f) {
  const program_node& n = p.nodes[at];
  if (n.op == op::loop) {
    const program_loop& l = p.loops[n.bits - 1];
    for (const std::uint32_t s : l.start) f(s);
    f(l.limit);
    for (const std::uint32_t s : l.next) f(s);
    if (l.condition != program_node::none) f(l.condition);
  } else {
    for (const std::uint32_t s : n.operand)
      if (s != program_node::none) f(s);
  }
}

}  // namespace busfare::core
