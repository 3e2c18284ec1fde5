// The text of vector_body.hpp.
#include "core/dialect/vector_body.hpp"

#include <algorithm>

namespace busfare::core {

namespace {

using backend::parameter_kind;
using relation = lane_check::relation;

std::string v(std::uint32_t node) { return "v" + std::to_string(node); }

// Unsigned, as place + lanes - 1 may wrap where an offset is absurd: then it is below the place.
std::string check_text(const lane_check& c, const body_names& names, unsigned lanes, bool sloped) {
  const std::string moving = v(c.moving), fixed = v(c.fixed);
  const std::string last =
      "(long)((ulong)" + moving + " + " + (sloped ? "slope * " : "") + std::to_string(lanes - 1) + ")";
  const std::string whole = moving + " <= " + last + " && ";
  switch (c.holds) {
    case relation::less:
      return whole + last + " < " + fixed;
    case relation::at_most:
      return whole + last + " <= " + fixed;
    case relation::greater:
      return whole + moving + " > " + fixed;
    case relation::at_least:
      return whole + moving + " >= " + fixed;
    case relation::within:
      return moving + " >= 0 && " + moving + " <= " + names.sizes[c.fixed] + " - " + std::to_string(lanes);
    case relation::unequal:
      break;
  }
  return whole + "(" + moving + " > " + fixed + " || " + last + " < " + fixed + ")";
}

// Whether it reads a table at places side by side.
bool reads_in_a_row(const program& p, const lane_plan& plan) {
  return std::any_of(p.nodes.begin(), p.nodes.end(), [&](const program_node& n) {
    return n.op == op::lookup && plan.of[n.operand[0]] == spread::consecutive;
  });
}

body_names names_in_row(const parameter_list& l, int axis) {
  body_names names = l.names;
  for (int a = 0; a < 3; ++a) names.index.push_back(a == axis ? "at" : "at" + std::to_string(a));
  return names;
}

body_names vectors_in_row(const program& p, const dialect_spec& d, const parameter_list& l, int axis,
                          unsigned lanes) {
  body_names names = names_in_row(l, axis);
  for (std::size_t k = 0; k < p.arguments.size(); ++k)
    if (p.arguments[k].kind == parameter_kind::element)
      names.inputs[k] = wide_loaded(p.arguments[k].type, "a" + std::to_string(k) + " + i", lanes, d);
  return names;
}

}  // namespace

// As many as fill the widest registers there are; others make two or four of them, which hides what one
// operation waits for another. Vectors of 64 bits a lane are twice as long.
unsigned vector_lanes(const program& p) {
  const auto is_wide = [](type t) { return size_of(t) == 8; };
  return p.uses_f64 || std::any_of(p.stored.begin(), p.stored.end(), is_wide) ||
                 std::any_of(p.arguments.begin(), p.arguments.end(),
                             [&](const backend::parameter& a) {
                               return a.kind != parameter_kind::number && is_wide(a.type);
                             })
             ? 8
             : 16;
}

bool asks_ahead(type t, unsigned lanes) {
  constexpr std::size_t line = 64;
  return 2 * size_of(t) * lanes >= line;
}

vector_body::vector_body(const program& p, const dialect_spec& d, const parameter_list& l, unsigned lanes)
    : p_(p),
      d_(d),
      lanes_(lanes),
      axis_(moving_axis(p)),
      sloped_(axis_ >= 0 && axis_ < 2 && !reads_in_a_row(p, plan_lanes(p, axis_))),
      one_(names_in_row(l, axis_)),
      many_(vectors_in_row(p, d, l, axis_, lanes)),
      plan_(plan_lanes(p, axis_)),
      wide_(p, d, many_, plan_, lanes, sloped_) {}

// The extents of a shape are its first ones and then ones. Neighbours in memory lie along the axis unless
// others follow it, of which the program does not ask: then they have one index, unless it is where they
// read.
std::string vector_body::neighbours() const {
  const std::string in_row = "shape" + std::to_string(axis_) + " - column";
  return axis_ == 2 ? in_row : "beyond == 1 ? " + in_row + " : " + (sloped_ ? "beyond - i % beyond" : "1");
}

std::string vector_body::place_text(const std::string& indent) const {
  const std::string extent = "shape" + std::to_string(axis_);
  static constexpr const char* beyond[] = {"shape1 * shape2", "shape2", "1"};
  std::string text =
      indent + "const ulong beyond = " + beyond[axis_] + ", place = beyond == 1 ? i : i / beyond";
  // Of a first axis all of the place is the index.
  text += axis_ == 0 ? ", column = place;\n"
                     : ", row = place / " + extent + ", column = place - row * " + extent + ";\n";
  if (sloped_) text += indent + "const ulong slope = beyond == 1;\n";
  if (axis_ == 1) text += indent + "const long at0 = (long)row;\n";
  if (axis_ == 2)
    text += indent + "const long at0 = (long)(row / shape1), at1 = (long)(row - (ulong)at0 * shape1);\n";
  return text;
}

// Rows are shorter than 2^62, and the places of a plan grow with the element.
bool vector_body::is_convex() const {
  return std::none_of(plan_.checks.begin(), plan_.checks.end(),
                      [](const lane_check& c) { return c.holds == relation::unequal; });
}

std::string vector_body::before_checks(int indent) const {
  return body_text(p_, d_, many_, indent, &wide_, &plan_.before);
}

std::string vector_body::ahead(int indent) const {
  const std::string in(static_cast<std::size_t>(indent), ' ');
  const auto asks = [&](std::size_t k) { return asks_ahead(p_.arguments[k].type, lanes_); };
  std::string text;
  for (std::size_t k = 0; k < p_.arguments.size(); ++k)
    if (p_.arguments[k].kind == parameter_kind::element && asks(k))
      text += in + "bf_ahead(a" + std::to_string(k) + " + i);\n";
  for (std::size_t n = 0; n < p_.nodes.size(); ++n)
    if (plan_.leads[n] != 0 && asks(p_.nodes[n].bits))
      text +=
          in + "bf_ahead(" + many_.tables.at(p_.nodes[n].bits) + " + " + v(p_.nodes[n].operand[0]) + ");\n";
  return text;
}

std::string vector_body::checks() const {
  std::string all;
  for (const lane_check& c : plan_.checks)
    all += (all.empty() ? "" : " && ") + check_text(c, many_, lanes_, sloped_);
  return all;
}

}  // namespace busfare::core
