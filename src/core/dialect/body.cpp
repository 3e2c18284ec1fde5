// Programs as C statements. Loops are walked with a stack of regions, never by recursion.
#include "core/dialect/body.hpp"

#include <cstdio>

#include <busfare/error.hpp>

#include "core/canonical.hpp"
#include "core/dialect/definitions.hpp"
#include "core/literal_text.hpp"

namespace busfare::core {

namespace {

constexpr std::uint32_t none = program_node::none;

std::string v(std::uint32_t node) { return "v" + std::to_string(node); }
bool is_real(value_type t) { return t == value_type::f32 || t == value_type::f64; }
const char* c_name(const dialect_spec& d, value_type t) { return d.values[static_cast<std::uint8_t>(t)]; }

std::string literal(const program_node& n, const dialect_spec& d) {
  const bool narrow = n.type == value_type::f32;
  if (is_real(n.type)) {
    const std::string s = hex_float(n.type, n.bits);
    if (!s.empty()) return s + (narrow ? "f" : "");
    char bits[32];
    std::snprintf(bits, sizeof bits, "0x%llx", static_cast<unsigned long long>(n.bits));
    return narrow ? std::string(d.f32_of_i32) + "((int)" + bits + "u)"
                  : std::string(d.f64_of_i64) + "((" + d.values[4] + ")" + bits + d.u64_suffix + ")";
  }
  switch (n.type) {
    case value_type::u32:
      return decimal(n.type, n.bits) + "u";
    case value_type::u64:
      return decimal(n.type, n.bits) + d.u64_suffix;
    case value_type::i64:  // the smallest value has no literal in C
      if (n.bits == std::uint64_t{1} << 63)
        return std::string("(-9223372036854775807") + d.i64_suffix + " - 1)";
      return decimal(n.type, n.bits) + d.i64_suffix;
    default:
      return n.bits == 0x80000000u ? "(-2147483647 - 1)" : decimal(n.type, n.bits);
  }
}

class body_writer {
 public:
  body_writer(const program& p, const dialect_spec& d, const body_names& names, int indent)
      : p_(p), d_(d), names_(names), region_(p.loops.size() + 1), in_test_(p.nodes.size(), 0) {
    for (int k = 0; k < indent; k += 2) in_ += "  ";
    for (std::uint32_t i = 0; i < p.nodes.size(); ++i) region_[p.nodes[i].loop].push_back(i);
    mark_tests();
  }

  std::string run() {
    stack_.push_back({0, 0, false});
    while (!stack_.empty()) {
      frame& f = stack_.back();
      if (f.at == region_[f.serial].size()) {
        if (f.test)
          leave_test(f);
        else
          leave();
        continue;
      }
      const std::uint32_t node = region_[f.serial][f.at++];
      if (f.serial != 0 && iterates(f.serial) && (in_test_[node] != 0) != f.test) continue;
      if (p_.nodes[node].op == op::loop)
        enter(static_cast<std::uint32_t>(p_.nodes[node].bits));
      else
        line("const " + std::string(c_name(d_, p_.nodes[node].type)) + " " + v(node) + " = " +
             expression(p_.nodes[node]) + ";");
    }
    return std::move(text_);
  }

 private:
  struct frame {
    std::uint32_t serial;  // loop whose statements are written; 0: the outermost
    std::size_t at;
    bool test;  // writing what the condition needs; the rest follows the test
  };

  void line(const std::string& s) { text_ += in_ + s + "\n"; }
  [[nodiscard]] const program_loop& loop(std::uint32_t serial) const { return p_.loops[serial - 1]; }
  [[nodiscard]] bool iterates(std::uint32_t serial) const { return loop(serial).condition != none; }
  static std::string state(std::uint64_t serial, std::uint64_t k) {
    return "s" + std::to_string(serial) + "_" + std::to_string(k);
  }

  // Marks the nodes of each iterate that its condition needs. Nodes of inner loops are walked through.
  void mark_tests() {
    std::vector<std::uint32_t> seen(p_.nodes.size(), 0), todo;
    for (std::uint32_t s = 1; s <= p_.loops.size(); ++s) {
      if (!iterates(s)) continue;
      todo.push_back(loop(s).condition);
      while (!todo.empty()) {
        const std::uint32_t node = todo.back();
        todo.pop_back();
        // Smaller serials are outer loops: computed before this one.
        if (p_.nodes[node].loop < s || seen[node] == s) continue;
        seen[node] = s;
        if (p_.nodes[node].loop == s) in_test_[node] = 1;
        for_each_dependency(p_, node, [&](std::uint32_t o) { todo.push_back(o); });
      }
    }
  }

  void enter(std::uint32_t serial) {
    const program_loop& l = loop(serial);
    for (std::size_t k = 0; k < l.start.size(); ++k)
      line(std::string(c_name(d_, p_.nodes[l.start[k]].type)) + " " + state(serial, k) + " = " +
           v(l.start[k]) + ";");
    const std::string t = "t" + std::to_string(serial);
    line("for (" + std::string(c_name(d_, value_type::i64)) + " " + t + " = 0; " + t + " < " + v(l.limit) +
         "; ++" + t + ") {");
    in_ += "  ";
    stack_.push_back({serial, 0, iterates(serial)});
  }

  void leave_test(frame& f) {
    line("if (!" + v(loop(f.serial).condition) + ") break;");
    f.at = 0;
    f.test = false;
  }

  void leave() {
    const std::uint32_t serial = stack_.back().serial;
    stack_.pop_back();
    if (serial == 0) return;
    const program_loop& l = loop(serial);
    // Every v is a constant of this trip, so that the order of these does not matter.
    for (std::size_t k = 0; k < l.next.size(); ++k) line(state(serial, k) + " = " + v(l.next[k]) + ";");
    in_.resize(in_.size() - 2);
    line("}");
  }

  [[nodiscard]] std::string expression(const program_node& n) const {
    switch (n.op) {
      case op::literal:
        return literal(n, d_);
      case op::input:
        return names_.inputs.at(n.bits);
      case op::index:
        return index(n.bits);
      case op::extent:
        return "(" + std::string(c_name(d_, value_type::i64)) + ")shape" + std::to_string(n.bits);
      case op::lookup: {
        const std::string& size = names_.sizes.at(n.bits);
        const std::string element =
            names_.tables.at(n.bits) + "[bf_index(" + v(n.operand[0]) + ", " + size + ")]";
        return "(" + size + " > 0 ? " + loaded_text(p_.arguments.at(n.bits).type, element) + " : 0)";
      }
      case op::loop_state:
        return state(n.bits >> 8, n.bits & 0xff);
      case op::loop_index:
        return "t" + std::to_string(n.bits >> 8);
      case op::loop_result:
        return state(p_.nodes[n.operand[0]].bits, n.bits);
      default:
        return operation(n);
    }
  }

  // Shapes of rank 1 and 2 end in ones: their slowest index needs no division.
  [[nodiscard]] std::string index(std::uint64_t axis) const {
    const std::string i64 = "(" + std::string(c_name(d_, value_type::i64)) + ")";
    if (axis == 0) return i64 + "(shape1 * shape2 == 1 ? i : i / (shape1 * shape2))";
    if (axis == 1) return i64 + "((shape2 == 1 ? i : i / shape2) % shape1)";
    return i64 + "(i % shape2)";
  }

  [[nodiscard]] std::string operation(const program_node& n) const {
    const vocabulary_row& row = vocabulary[static_cast<int>(n.op)];
    const value_type t = n.op == op::select ? n.type : p_.nodes[n.operand[0]].type;
    std::string operands[3];
    for (int k = 0; k < row.arity; ++k) operands[k] = v(n.operand[k]);
    if (d_.natives && is_real(t) && row.fast[0] != 0) return spelled(row.fast, t, d_, operands);
    if (is_defined(n.op))
      return spelled("bf_" + std::string(row.name) + (row.arity == 2 ? "_$t($0, $1)" : "_$t($0)"), t, d_,
                     operands);
    std::string pattern = is_real(t) ? row.floats : row.ints;
    if (pattern.empty())
      throw error(error_class::internal,
                  std::string("operation ") + row.name + " does not exist for " + name_of(t));
    if (row.gives == gives::named) pattern += std::string(name_of(n.type)) + "($0)";
    return spelled(pattern, t, d_, operands);
  }

  const program& p_;
  const dialect_spec& d_;
  const body_names& names_;
  std::vector<std::vector<std::uint32_t>> region_;
  std::vector<char> in_test_;
  std::vector<frame> stack_;
  std::string in_, text_;
};

}  // namespace

std::string spelled(std::string_view pattern, value_type t, const dialect_spec& d,
                    const std::string (&operands)[3]) {
  std::string s;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$' || i + 1 == pattern.size()) {
      s += pattern[i];
      continue;
    }
    switch (const char c = pattern[++i]) {
      case '0':
      case '1':
      case '2':
        s += operands[c - '0'];
        break;
      case 't':
        s += name_of(t);
        break;
      case 'T':
        s += c_name(d, t);
        break;
      case 'U':
        s += d.unsigned_values[static_cast<std::uint8_t>(t)];
        break;
      default:
        (s += '$') += c;
    }
  }
  return s;
}

std::string body_text(const program& p, const dialect_spec& d, const body_names& names, int indent) {
  return body_writer(p, d, names, indent).run();
}

std::string stored_value(const program& p, std::size_t result, type as, const dialect_spec& d) {
  const std::uint32_t node = p.results[result];
  const value_type had = p.nodes[node].type, wanted = value_of(as);
  std::string s = v(node);
  if (had != wanted && had != value_type::mask)
    s = std::string("bf_cast_") + name_of(had) + "_to_" + name_of(wanted) + "(" + s + ")";
  return had == value_type::mask && as != type::f16
             ? "(" + std::string(d.stored[static_cast<std::uint8_t>(as)]) + ")" + s
             : stored_text(as, s, d);
}

std::string loaded_text(type stored, const std::string& expression) {
  return stored == type::f16 ? "bf_f32_of_f16(" + expression + ")" : expression;
}

std::string stored_text(type stored, const std::string& value, const dialect_spec& d) {
  if (compute_of(stored) == stored) return value;
  if (stored == type::f16) return "bf_f16_of_f32(" + value + ")";
  return "(" + std::string(d.stored[static_cast<std::uint8_t>(stored)]) + ")" + value;
}

}  // namespace busfare::core
