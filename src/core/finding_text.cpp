// Texts of findings, and how they print.
#include "core/finding_text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <ostream>

#include "core/literal_text.hpp"

namespace busfare::core {
namespace {

template <class T> std::string shortest(T x) {
  if (x != x) return "nan";
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

// The node of a window's finding may be the select behind its lookup.
std::uint32_t lookup_of(const program& p, std::uint32_t node) {
  return p.nodes[node].op == op::select ? p.nodes[node].operand[1] : node;
}

std::string lookup_text(const program& p, const launch_contents& from, const sighting& s) {
  const std::uint64_t argument = p.nodes[s.node].bits;
  const auto size = static_cast<std::int64_t>(from.arguments[argument].size);
  const auto index = static_cast<std::int64_t>(s.operands[0]);
  const std::string read = "argument " + std::to_string(argument + 1) + " was read at index " +
                           std::to_string(index) + " of " + std::to_string(size) + " elements: ";
  if (size == 0) return read + "that is 0";
  return read + "that is element " + std::to_string(std::clamp<std::int64_t>(index, 0, size - 1));
}

}  // namespace

std::string value_text(value_type t, std::uint64_t bits) {
  if (t == value_type::f32) return shortest(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  if (t == value_type::f64) return shortest(std::bit_cast<double>(bits));
  if (t == value_type::mask) return bits != 0 ? "true" : "false";
  return decimal(t, bits);
}

std::string operation_text(const program& p, const sighting& s) {
  const op o = s.kind == finding_kind::beyond_radius ? op::lookup : p.nodes[s.node].op;
  if (o == op::lookup) return "lookup";
  if (o == op::loop) return "iterate";
  return vocabulary[static_cast<std::size_t>(o)].name;
}

std::string sighting_text(const program& p, const launch_contents& from, const sighting& s) {
  switch (s.kind) {
    case finding_kind::out_of_range:
      return lookup_text(p, from, s);
    case finding_kind::beyond_radius:
      return "argument " + std::to_string(p.nodes[lookup_of(p, s.node)].bits + 1) + " was looked through " +
             std::to_string(static_cast<std::int64_t>(s.operands[0])) + " elements away along axis " +
             std::to_string(s.operands[2]) + ", where its radius is " + std::to_string(s.operands[1]);
    case finding_kind::limit_reached:
      return "its condition still held after its max of " +
             std::to_string(static_cast<std::int64_t>(s.operands[0])) + " steps";
    default:
      break;
  }
  const program_node& n = p.nodes[s.node];
  std::string text = operation_text(p, s) + "(";
  for (std::size_t k = 0; k < 3 && n.operand[k] != program_node::none; ++k)
    text += (k != 0 ? ", " : "") + value_text(p.nodes[n.operand[k]].type, s.operands[k]);
  return text + ") is NaN";
}

}  // namespace busfare::core

namespace busfare {

const char* name_of(finding_kind k) noexcept {
  switch (k) {
    case finding_kind::out_of_range:
      return "out of range";
    case finding_kind::beyond_radius:
      return "beyond the radius";
    case finding_kind::nan_born:
      return "NaN born";
    case finding_kind::limit_reached:
      return "max reached";
    case finding_kind::other_bits:
      return "other bits";
  }
  return "?";
}

std::ostream& operator<<(std::ostream& out, const finding& f) {
  if (f.line.line != 0) out << f.line.file << ':' << f.line.line << ": ";
  out << name_of(f.kind) << ": " << f.operation << ", in " << f.count << " of " << f.elements
      << " elements on " << f.device << ", first in element " << f.first << ": " << f.text;
  return out;
}

}  // namespace busfare
