// Expressions of vectors. Scalars are spread out by casts, which say what is meant and cost nothing.
#include "core/dialect/wide_text.hpp"

#include <busfare/error.hpp>

#include "core/dialect/definitions.hpp"
#include "core/literal_text.hpp"

namespace busfare::core {

namespace {

std::string v(std::uint32_t node) { return "v" + std::to_string(node); }
bool is_real(value_type t) { return t == value_type::f32 || t == value_type::f64; }
const char* c_name(value_type t, const dialect_spec& d) { return d.values[static_cast<std::uint8_t>(t)]; }
const char* stored_name(type t, const dialect_spec& d) { return d.stored[static_cast<std::uint8_t>(t)]; }

}  // namespace

int bits_of(value_type t) noexcept {
  return t == value_type::f64 || t == value_type::i64 || t == value_type::u64 ? 64 : 32;
}

std::string wide_name(value_type t, unsigned lanes, const dialect_spec& d) {
  return c_name(t, d) + std::to_string(lanes);
}

std::string wide_mask_name(int bits, unsigned lanes) {
  return (bits == 64 ? "long" : "int") + std::to_string(lanes);
}

std::string wide_helper(std::string_view scalar, unsigned lanes) {
  return std::string(scalar) + "x" + std::to_string(lanes);
}

wide_speller::wide_speller(const program& p, const dialect_spec& d, const body_names& names,
                           const lane_plan& plan, unsigned lanes, bool sloped)
    : p_(p),
      d_(d),
      names_(names),
      plan_(plan),
      lanes_(lanes),
      sloped_(sloped),
      mask_bits_(p.nodes.size(), 32) {
  // A comparison gives lanes as wide as what it compares; they stay so until something else is wanted.
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    const program_node& n = p.nodes[i];
    if (n.type != value_type::mask || !varies(i) || n.op >= op::literal || n.op == op::select) continue;
    const std::uint32_t a = n.operand[0], b = n.operand[1];
    if (n.op == op::land || n.op == op::lor)
      mask_bits_[i] = mask_bits_[varies(a) ? a : b];
    else
      mask_bits_[i] = p.nodes[a].type == value_type::mask ? mask_bits_[a] : bits_of(p.nodes[a].type);
  }
}

std::string wide_speller::type_name(std::uint32_t node) const {
  const value_type t = p_.nodes[node].type;
  return t == value_type::mask ? mask_name(mask_bits_[node]) : wide_name(t, lanes_, d_);
}

std::string wide_speller::filled(const std::string& scalar, value_type t) const {
  return "(" + wide_name(t, lanes_, d_) + ")(" + scalar + ")";
}

std::string wide_speller::as(const std::string& vector, const char* element) const {
  return std::string("as_") + element + std::to_string(lanes_) + "(" + vector + ")";
}

std::string wide_speller::value(std::uint32_t node) const {
  const value_type t = p_.nodes[node].type;
  if (t == value_type::mask) return mask(node, mask_bits_[node]);
  if (varies(node)) return v(node);
  if (plan_.of[node] == spread::uniform) return filled(v(node), t);
  std::string steps = "0";
  for (unsigned k = 1; k < lanes_; ++k) steps += ", " + std::to_string(k);
  return as(filled(v(node), value_type::u64) + " + " + filled(steps, value_type::u64) +
                (sloped_ ? " * " + filled("slope", value_type::u64) : ""),
            c_name(t, d_));
}

std::string wide_speller::resized(const std::string& name, int had, int wanted) const {
  return had == wanted ? name : "convert_" + mask_name(wanted) + "(" + name + ")";
}

std::string wide_speller::mask(std::uint32_t node, int bits) const {
  if (varies(node)) return resized(v(node), mask_bits_[node], bits);
  return "(" + mask_name(bits) + ")(-" + v(node) + ")";
}

std::string wide_speller::expression(const program_node& n) const {
  switch (n.op) {
    case op::input:
      return names_.inputs.at(n.bits);
    case op::lookup: {
      const std::string &table = names_.tables.at(n.bits), &size = names_.sizes.at(n.bits);
      const std::string place = v(n.operand[0]);
      const type stored = p_.arguments.at(n.bits).type;
      const bool near = plan_.of[n.operand[0]] == spread::consecutive;
      const std::string pack = near ? wide_loaded(stored, table + " + " + place, lanes_, d_) : "";
      if (plan_.within[static_cast<std::size_t>(&n - p_.nodes.data())] != 0) return pack;
      const std::string by_lane =
          wide_helper(std::string(near ? "bf_near_" : "bf_far_") + name_of(stored), lanes_) + "(" + table +
          ", " + place + ", " + size + ")";
      if (!near) return by_lane;
      return "(" + place + " >= 0 && " + place + " <= " + size + " - " + std::to_string(lanes_) + " ? " +
             pack + " : " + by_lane + ")";
    }
    default:
      return operation(n);
  }
}

std::string wide_speller::cast(const std::string& from, value_type had, value_type wanted) const {
  if (had == wanted) return from;
  if (had == value_type::mask) return "convert_" + wide_name(wanted, lanes_, d_) + "(" + from + " & 1)";
  if (wanted == value_type::mask) return "(" + from + " != " + filled("0", had) + ")";
  if (is_real(had) && !is_real(wanted))
    return wide_helper(std::string("bf_cast_") + name_of(had) + "_to_" + name_of(wanted), lanes_) + "(" +
           from + ")";
  return "convert_" + wide_name(wanted, lanes_, d_) + "(" + from + ")";
}

std::string wide_speller::operation(const program_node& n) const {
  const vocabulary_row& row = vocabulary[static_cast<int>(n.op)];
  const std::uint32_t a = n.operand[0], b = n.operand[1], c = n.operand[2];
  const value_type t = n.op == op::select ? n.type : p_.nodes[a].type;
  const auto same_width = [&](std::uint32_t m) {
    return mask(m, mask_bits_[static_cast<std::size_t>(&n - p_.nodes.data())]);
  };
  switch (n.op) {
    case op::land:
      return "(" + same_width(a) + " & " + same_width(b) + ")";
    case op::lor:
      return "(" + same_width(a) + " | " + same_width(b) + ")";
    case op::lnot:
      return "(~" + same_width(a) + ")";
    case op::select: {
      // One truth for all lanes chooses between whole vectors.
      const std::string which = varies(a) ? mask(a, bits_of(t)) : v(a);
      return "(" + which + " ? " + value(b) + " : " + value(c) + ")";
    }
    case op::cast:
      return cast(value(a), t, n.type);
    default:
      break;
  }
  std::string operands[3];
  for (int k = 0; k < row.arity; ++k) operands[k] = value(n.operand[k]);
  const char *const signed_name = c_name(t, d_), *const bare =
                                                     d_.unsigned_values[static_cast<std::uint8_t>(t)];
  const auto unsigned_of = [&](const std::string& x) { return as(x, bare); };
  if (n.op == op::bit_cast) {
    if (is_real(t))
      return wide_helper(std::string("bf_bits_") + name_of(t) + "_to_" + name_of(n.type), lanes_) + "(" +
             operands[0] + ")";
    return as(operands[0], c_name(n.type, d_));
  }
  if (!is_real(t)) {  // without a word of overflow
    switch (n.op) {
      case op::add:
        return as(unsigned_of(operands[0]) + " + " + unsigned_of(operands[1]), signed_name);
      case op::sub:
        return as(unsigned_of(operands[0]) + " - " + unsigned_of(operands[1]), signed_name);
      case op::mul:
        return as(unsigned_of(operands[0]) + " * " + unsigned_of(operands[1]), signed_name);
      case op::neg:
        return as(std::string("(") + bare + std::to_string(lanes_) + ")(0) - " + unsigned_of(operands[0]),
                  signed_name);
      default:
        break;
    }
  }
  std::string pattern = is_defined(n.op)
                            ? "bf_" + std::string(row.name) + (row.arity == 2 ? "_$t($0, $1)" : "_$t($0)")
                        : is_real(t) ? row.floats
                                     : row.ints;
  if (pattern.empty())
    throw error(error_class::internal,
                std::string("operation ") + row.name + " does not exist for " + name_of(t));
  if (pattern.starts_with("bf_")) pattern.insert(pattern.find('('), "x" + std::to_string(lanes_));
  return spelled(pattern, t, d_, operands);
}

std::string wide_speller::stored(std::size_t result, type as_type) const {
  const std::uint32_t node = p_.results[result];
  const value_type had = p_.nodes[node].type, wanted = value_of(as_type);
  const std::string computed = cast(value(node), had, wanted);
  if (compute_of(as_type) == as_type) return computed;
  if (as_type == type::f16) return wide_helper("bf_f16_of_f32", lanes_) + "(" + computed + ")";
  return std::string("convert_") + stored_name(as_type, d_) + std::to_string(lanes_) + "(" + computed + ")";
}

std::string wide_stored(type stored, const std::string& address, const std::string& value, unsigned lanes,
                        bool far) {
  return wide_helper(std::string(far ? "bf_stream_" : "bf_store_") + name_of(stored), lanes) + "(" + address +
         ", " + value + ")";
}

std::string wide_widened(type stored, const std::string& vector, unsigned lanes, const dialect_spec& d) {
  if (compute_of(stored) == stored) return vector;
  if (stored == type::f16) return wide_helper("bf_f32_of_f16", lanes) + "(" + vector + ")";
  return "convert_" + wide_name(value_of(stored), lanes, d) + "(" + vector + ")";
}

std::string wide_loaded(type stored, const std::string& address, unsigned lanes, const dialect_spec& d) {
  return wide_widened(
      stored, wide_helper(std::string("bf_load_") + name_of(stored), lanes) + "(" + address + ")", lanes, d);
}

}  // namespace busfare::core
