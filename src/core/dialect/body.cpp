// Programs as C statements. Loops are walked with a stack of regions, never by recursion.
#include "core/dialect/body.hpp"

#include <cstdio>

#include <busfare/error.hpp>

#include "core/canonical.hpp"
#include "core/dialect/definitions.hpp"
#include "core/dialect/wide_text.hpp"
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
  body_writer(const program& p, const dialect_spec& d, const body_names& names, int indent,
              const wide_speller* wide, const std::vector<char>* only)
      : p_(p), d_(d), names_(names), wide_(wide), region_(p.loops.size() + 1), in_test_(p.nodes.size(), 0) {
    for (int k = 0; k < indent; k += 2) in_ += "  ";
    for (std::uint32_t i = 0; i < p.nodes.size(); ++i)
      if (only == nullptr || (*only)[i] != 0) region_[p.nodes[i].loop].push_back(i);
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
        line("const " + declared_type(node) + " " + v(node) + " = " + value(node) + ";");
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
  [[nodiscard]] bool varies(std::uint32_t node) const { return wide_ != nullptr && wide_->varies(node); }
  [[nodiscard]] bool masked(std::uint32_t serial) const { return wide_ != nullptr && wide_->masked(serial); }
  [[nodiscard]] std::string declared_type(std::uint32_t node) const {
    return varies(node) ? wide_->type_name(node) : c_name(d_, p_.nodes[node].type);
  }
  // What the checks of a plan decided is not computed again.
  [[nodiscard]] std::string value(std::uint32_t node) const {
    const program_node& n = p_.nodes[node];
    if (wide_ == nullptr) return expression(n);
    const lane_plan& plan = wide_->plan();
    const int chosen = plan.chosen[node];
    if (chosen >= 0) return varies(node) ? wide_->value(n.operand[chosen]) : v(n.operand[chosen]);
    if (plan.truth[node] >= 0) return std::to_string(plan.truth[node]);
    if (!varies(node) || n.op == op::loop_state || n.op == op::loop_result) return expression(n);
    return wide_->expression(n);
  }
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
    for (std::size_t k = 0; k < l.start.size(); ++k) {
      const std::uint32_t start = l.start[k];
      const value_type t = p_.nodes[start].type;
      if (state_varies(serial, k))
        line(wide_state_type(t) + " " + state(serial, k) + " = " + wide_as_state(start) + ";");
      else
        line(std::string(c_name(d_, t)) + " " + state(serial, k) + " = " + v(start) + ";");
    }
    const std::string t = "t" + std::to_string(serial), i64 = c_name(d_, value_type::i64);
    if (masked(serial))
      line(wide_->mask_name(32) + " " + active(serial) + " = " + active_outside(serial) + ";");
    const bool ends_apart = wide_ != nullptr && !is_uniform(l.limit);
    line("for (" + i64 + " " + t + " = 0; " + (ends_apart ? "" : t + " < " + v(l.limit)) + "; ++" + t +
         ") {");
    in_ += "  ";
    if (ends_apart) {
      const std::string lanes = wide_->value(l.limit);
      go_on_where(
          serial,
          wide_->resized("((" + wide_->wide_type(value_type::i64) + ")(" + t + ") < " + lanes + ")", 64, 32));
    }
    stack_.push_back({serial, 0, iterates(serial)});
  }

  void leave_test(frame& f) {
    const std::uint32_t condition = loop(f.serial).condition;
    if (masked(f.serial))
      go_on_where(f.serial, wide_->mask(condition, 32));
    else
      line("if (!" + v(condition) + ") break;");
    f.at = 0;
    f.test = false;
  }

  // Lanes that have ended keep their states until all have.
  static std::string active(std::uint32_t serial) { return "m" + std::to_string(serial); }
  [[nodiscard]] std::string active_outside(std::uint32_t serial) const {
    for (std::uint32_t s = loop(serial).parent; s != 0; s = loop(s).parent)
      if (masked(s)) return active(s);
    return "(" + wide_->mask_name(32) + ")(-1)";
  }
  void go_on_where(std::uint32_t serial, const std::string& mask) {
    line(active(serial) + " &= " + mask + ";");
    line("if (!any(" + active(serial) + ")) break;");
  }
  [[nodiscard]] bool is_uniform(std::uint32_t node) const {
    return wide_->plan().of[node] == spread::uniform;
  }
  [[nodiscard]] bool state_varies(std::uint32_t serial, std::size_t k) const {
    return wide_ != nullptr && wide_->plan().states[serial - 1][k] == spread::varying;
  }
  [[nodiscard]] std::string wide_state_type(value_type t) const {
    return t == value_type::mask ? wide_->mask_name(32) : wide_->wide_type(t);
  }
  [[nodiscard]] std::string wide_as_state(std::uint32_t node) const {
    return p_.nodes[node].type == value_type::mask ? wide_->mask(node, 32) : wide_->value(node);
  }

  void leave() {
    const std::uint32_t serial = stack_.back().serial;
    stack_.pop_back();
    if (serial == 0) return;
    const program_loop& l = loop(serial);
    // Every v is a constant of this trip, so that the order of these does not matter.
    for (std::size_t k = 0; k < l.next.size(); ++k) {
      const std::string s = state(serial, k);
      if (!state_varies(serial, k)) {
        line(s + " = " + v(l.next[k]) + ";");
        continue;
      }
      const std::string next = wide_as_state(l.next[k]);
      const value_type t = p_.nodes[l.next[k]].type;
      if (!masked(serial))
        line(s + " = " + next + ";");
      else if (t == value_type::mask)
        line(s + " = (" + active(serial) + " & " + next + ") | (~" + active(serial) + " & " + s + ");");
      else
        line(s + " = " + wide_->resized(active(serial), 32, bits_of(t)) + " ? " + next + " : " + s + ";");
    }
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
    if (!names_.index.empty()) return names_.index.at(axis);
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
  const wide_speller* wide_;
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

std::string body_text(const program& p, const dialect_spec& d, const body_names& names, int indent,
                      const wide_speller* wide, const std::vector<char>* only) {
  return body_writer(p, d, names, indent, wide, only).run();
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
