// The text of emit_rows.hpp.
#include "core/dialect/emit_rows.hpp"

#include <algorithm>

#include "core/dialect/definitions.hpp"
#include "core/dialect/vector_body.hpp"

namespace busfare::core {

namespace {

using backend::parameter_kind;

// The last vector of a row may begin within the one before it and compute some elements again. But not where
// those were written over what it reads: arrays read element by element are a result's memory, or apart.
std::string step_text(const program& p, const std::string& lanes) {
  std::string in_place;
  for (std::size_t k = 0; k < p.arguments.size(); ++k)
    for (std::size_t r = 0; r < p.results.size() && p.arguments[k].kind == parameter_kind::element; ++r)
      in_place += (in_place.empty() ? "" : " || ") + ("(ulong)a" + std::to_string(k)) + " == (ulong)r" +
                  std::to_string(r);
  return "  const ulong step = " + (in_place.empty() ? "1" : in_place + " ? " + lanes + " : 1") + ";\n";
}

// Results go past the caches, and what is read is asked for ahead, where a launch writes and reads element by
// element more than they hold: the cpu's rule. Not where results are written over what is read: those lines
// are in the cache.
std::string far_text(const program& p) {
  std::size_t per_element = 0;
  for (const type t : p.stored) per_element += size_of(t);
  for (const backend::parameter& a : p.arguments)
    if (a.kind == parameter_kind::element) per_element += size_of(a.type);
  return "  const int far = step == 1 && bf_large(count * " + std::to_string(per_element) + ");\n";
}

// What this text does lane by lane, and a driver's own vectors of items at once.
bool by_lane(const program& p, const program_node& n) {
  const auto is_integer = [](value_type t) { return t != value_type::f32 && t != value_type::f64; };
  if (n.op == op::div || n.op == op::mod) return is_integer(n.type);
  if (n.op != op::cast) return false;
  const value_type from = p.nodes[n.operand[0]].type;
  return from != value_type::mask && is_integer(n.type) && !is_integer(from) &&
         bits_of(from) != bits_of(n.type);
}

// What stores the results of one vector.
std::string stores_text(const program& p, const vector_body& body, unsigned lanes, bool far, int indent) {
  std::string text;
  for (std::size_t k = 0; k < p.results.size(); ++k)
    text +=
        std::string(static_cast<std::size_t>(indent), ' ') +
        wide_stored(p.stored[k], "r" + std::to_string(k) + " + i", body.stored(k, p.stored[k]), lanes, far) +
        ";\n";
  return text;
}

}  // namespace

bool worth_vectors(const program& p, std::size_t long_text) {
  const auto is_half = [](const backend::parameter& a) {
    return a.kind != parameter_kind::number && a.type == type::f16;
  };
  if (may_stream(p) && std::none_of(p.arguments.begin(), p.arguments.end(), is_half) &&
      std::none_of(p.nodes.begin(), p.nodes.end(), [&](const program_node& n) { return by_lane(p, n); }))
    return true;
  return !p.loops.empty() || p.nodes.size() > long_text ||
         std::any_of(p.nodes.begin(), p.nodes.end(), [](const program_node& n) {
           return n.op == op::index || n.op == op::lookup || is_defined(n.op);
         });
}

bool may_stream(const program& p) {
  constexpr std::size_t line = 64;
  return p.loops.empty() && std::all_of(p.stored.begin(), p.stored.end(),
                                        [&](type t) { return size_of(t) * vector_lanes(p) == line; });
}

std::string row_map(const program& p, const dialect_spec& d, const parameter_list& l, unsigned lanes) {
  const vector_body body(p, d, l, lanes);
  const std::string w = std::to_string(lanes), less = std::to_string(lanes - 1);
  const bool in_rows = body.axis() >= 0, far = may_stream(p);
  const auto place = [&](const std::string& element) {
    return in_rows ? "const long at = (long)(column + " + body.slope() + "(" + element + " - start));\n"
                   : std::string();
  };
  const auto checked = [&](const std::string& element, const std::string& in, int indent) {
    return in + place(element) + body.before_checks(indent);
  };

  std::string text =
      "  const ulong items = get_global_size(0), item = get_global_id(0);\n"
      "  const ulong share = (count / items + (count % items != 0) + " +
      less + ") / " + w + " * " + w +
      ";\n  if (item > count / share || item * share >= count) return;\n"
      "  const ulong end = first + min(count, (item + 1) * share);\n" +
      step_text(p, w) + (far ? far_text(p) : "") + "  for (ulong i = first + item * share; i < end;) {\n";
  if (in_rows)  // else all that is left is a row
    text += body.place_text("    ") + "    const ulong stop = min(end, i + (" + body.neighbours() +
            "));\n    const ulong start = i;\n";
  else
    text += "    const ulong stop = end;\n";
  // Of a short row most lines are written in part by the vectors at its ends, which are ordinary stores.
  if (far) text += "    const int streams = far && stop - i >= " + std::to_string(16 * lanes) + ";\n";
  text += "    while (i < stop) {\n      int passes = stop - i >= " + w + ";\n";
  if (body.has_checks())
    text += "      if (passes) {\n" + checked("i", "        ", 8) + "        passes = " + body.checks() +
            ";\n      }\n";
  text += "      if (passes) {\n        ulong last = ";
  if (body.is_convex())
    text += "step == 1 ? stop - " + w + " : i + ((stop - i) / " + w + " - 1) * " + w + ";\n";
  else
    text += "i;\n";
  // Where the first and the last vector pass, all do. The last that does is near the end, or halves find it.
  if (body.has_checks() && body.is_convex())
    text +=
        "        ulong good = 0, bad = (last - i) / step + 1, gap = 1;\n"
        "        for (ulong probe = bad - 1; bad - good > 1;\n"
        "             probe = (bad - good) / 2 > gap ? bad - gap : good + (bad - good) / 2) {\n" +
        checked("i + probe * step", "          ", 10) + "          if (" + body.checks() +
        ") {\n            good = probe;\n            gap = bad;\n          } else {\n"
        "            bad = probe;\n            gap = gap < bad ? 2 * gap : bad;\n          }\n        }\n"
        "        last = i + good * step;\n";
  // From the second vector on, stores are to whole lines.
  text += "        for (;; i = min(step == 1 ? (i + " + w + ") / " + w + " * " + w + " : i + " + w +
          ", last)) {\n" + (in_rows ? "          " + place("i") : "") + body.many(10);
  text += far ? "          if (streams) {\n" + body.ahead(12) + stores_text(p, body, lanes, true, 12) +
                    "          } else {\n" + stores_text(p, body, lanes, false, 12) + "          }\n"
              : stores_text(p, body, lanes, false, 10);
  text += "          if (i == last) break;\n        }\n        i += " + w + ";\n      } else {\n" +
          (in_rows ? "        " + place("i") : "") + body.one(8);
  for (std::size_t k = 0; k < p.results.size(); ++k)
    text += "        r" + std::to_string(k) + "[i] = " + stored_value(p, k, p.stored[k], d) + ";\n";
  return text + "        ++i;\n      }\n    }\n  }\n" + (far ? "  if (far) bf_streamed();\n" : "");
}

}  // namespace busfare::core
