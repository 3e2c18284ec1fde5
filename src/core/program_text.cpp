// The dump of a program.
#include "core/program_text.hpp"

#include <cstdio>

#include "core/literal_text.hpp"

namespace busfare::core {

namespace {

std::string value(std::uint32_t node) { return "v" + std::to_string(node); }

std::string list(const std::vector<std::uint32_t>& nodes) {
  std::string s;
  for (const std::uint32_t n : nodes) s += " " + value(n);
  return s;
}

const char* kind_name(backend::parameter_kind k) {
  constexpr const char* names[] = {"element", "broadcast", "whole", "number", "result"};
  return names[static_cast<std::uint8_t>(k)];
}

std::string literal(const program_node& n) {
  if (n.type != value_type::f32 && n.type != value_type::f64) return decimal(n.type, n.bits);
  const std::string s = hex_float(n.type, n.bits);
  if (!s.empty()) return s;
  char bits[32];
  std::snprintf(bits, sizeof bits, "bits 0x%llx", static_cast<unsigned long long>(n.bits));
  return bits;
}

std::string loop_words(const program& p, const program_node& n) {
  const program_loop& l = p.loops[n.bits - 1];
  std::string s = " " + std::to_string(n.bits) + ": start" + list(l.start) + ", limit " + value(l.limit);
  if (l.condition != program_node::none) s += ", while " + value(l.condition);
  return s + ", next" + list(l.next);
}

std::string words(const program& p, const program_node& n) {
  const auto state = [&] { return "loop " + std::to_string(n.bits >> 8); };
  switch (n.op) {
    case op::literal:
      return "literal " + literal(n);
    case op::input:
      return "input a" + std::to_string(n.bits);
    case op::index:
      return "index " + std::to_string(n.bits);
    case op::extent:
      return "extent " + std::to_string(n.bits);
    case op::lookup:
      return "lookup a" + std::to_string(n.bits) + " " + value(n.operand[0]);
    case op::loop_state:
      return "state " + std::to_string(n.bits & 0xff) + " of " + state();
    case op::loop_index:
      return "trip of " + state();
    case op::loop:
      return "loop" + loop_words(p, n);
    case op::loop_result:
      return "result " + std::to_string(n.bits) + " of " + value(n.operand[0]);
    default:
      break;
  }
  std::string s = vocabulary[static_cast<int>(n.op)].name;
  for (const std::uint32_t o : n.operand)
    if (o != program_node::none) s += " " + value(o);
  return s;
}

}  // namespace

std::string hex(const program_id& id) {
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(id.high),
                static_cast<unsigned long long>(id.low));
  return digits;
}

std::string text(const program& p) {
  std::string s = "program " + hex(p.id) + "\n";
  for (std::size_t k = 0; k < p.arguments.size(); ++k)
    s += "  a" + std::to_string(k) + ": " + kind_name(p.arguments[k].kind) + " " +
         busfare::name_of(p.arguments[k].type) + "\n";
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    const program_node& n = p.nodes[i];
    s += "  " + value(i) + " = " + words(p, n);
    if (n.op != op::loop) s += std::string(": ") + name_of(n.type);
    if (n.loop != 0) s += " (in loop " + std::to_string(n.loop) + ")";
    s += "\n";
  }
  for (std::size_t k = 0; k < p.results.size(); ++k)
    s += "  r" + std::to_string(k) + ": " + value(p.results[k]) + " stored as " +
         busfare::name_of(p.stored[k]) + "\n";
  return s;
}

}  // namespace busfare::core
