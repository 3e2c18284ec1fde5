// Maps: one element per work item, or a few neighbours that cross memory in one access.
#include <algorithm>
#include <set>

#include "core/dialect/emit.hpp"
#include "core/dialect/emit_rows.hpp"
#include "core/dialect/parameters.hpp"
#include "core/dialect/spelling.hpp"
#include "core/dialect/vector_body.hpp"
#include "core/program_text.hpp"

namespace busfare::core {

namespace {

using backend::parameter_kind;

// Above this, arithmetic hides what loads cost, and several copies of the body cost build time and registers.
constexpr std::size_t wide_nodes = 64;
constexpr std::size_t widest_access = 16;  // bytes

std::string results_text(const program& p, const dialect_spec& d, const std::string& in,
                         const std::string& before, const std::string& after) {
  std::string text;
  for (std::size_t k = 0; k < p.results.size(); ++k)
    text += in + before + std::to_string(k) + after + " = " + stored_value(p, k, p.stored[k], d) + ";\n";
  return text;
}

unsigned width_of(const program& p, const dialect_spec& d) {
  if (!d.wide_maps || !p.loops.empty() || p.nodes.size() > wide_nodes) return 1;
  std::size_t largest = 1;
  for (const type t : p.stored) largest = std::max(largest, size_of(t));
  for (const backend::parameter& a : p.arguments)
    if (a.kind == parameter_kind::element) largest = std::max(largest, size_of(a.type));
  return static_cast<unsigned>(std::min<std::size_t>(widest_access / largest, 4));
}

/// An array that is read or written element by element, seen as packs of `width` neighbours.
struct wide_array {
  std::string pointer, value;  // "a0", "x0"
  type of;
};

std::string pack_name(type t) { return std::string("pack_") + name_of(t); }

// All lanes of the last pack are computed, since operations are total; those beyond the end are not stored.
std::string wide_map(const program& p, const dialect_spec& d, parameter_list& l, unsigned width,
                     std::string& structs) {
  const std::string w = std::to_string(width), u64 = d.values[5];
  const auto c_name = [&](type t) { return std::string(d.stored[static_cast<std::uint8_t>(t)]); };
  std::vector<wide_array> in, out;
  for (std::size_t k = 0; k < p.arguments.size(); ++k) {
    if (p.arguments[k].kind != parameter_kind::element) continue;
    const std::string number = std::to_string(k);
    in.push_back({"a" + number, "x" + number, p.arguments[k].type});
    l.names.inputs[k] = loaded_text(p.arguments[k].type, "x" + number + ".at[k]");
  }
  for (std::size_t k = 0; k < p.stored.size(); ++k)
    out.push_back({"r" + std::to_string(k), "y" + std::to_string(k), p.stored[k]});

  std::set<type> types;
  std::string whole, loads, pieces, stores, leftovers, declared;
  for (const std::vector<wide_array>* list : {&in, &out}) {
    for (const wide_array& a : *list) {
      const std::string bytes = std::to_string(width * size_of(a.of));
      if (types.insert(a.of).second)
        structs += "struct alignas(" + bytes + ") " + pack_name(a.of) + " { " + c_name(a.of) + " at[" + w +
                   "]; };\n";
      whole += " && (" + u64 + ")(" + a.pointer + " + first) % " + bytes + " == 0";
      declared += "    " + pack_name(a.of) + " " + a.value + ";\n";
    }
  }
  for (const wide_array& a : in) {
    loads += "      " + a.value + " = *(const " + pack_name(a.of) + "*)(" + a.pointer + " + begin);\n";
    pieces +=
        "        " + a.value + ".at[k] = k < n ? " + a.pointer + "[begin + k] : (" + c_name(a.of) + ")0;\n";
  }
  for (const wide_array& a : out) {
    stores += "      *(" + pack_name(a.of) + "*)(" + a.pointer + " + begin) = " + a.value + ";\n";
    leftovers += "        if (k < n) " + a.pointer + "[begin + k] = " + a.value + ".at[k];\n";
  }
  const std::string lanes = "#pragma unroll\n      for (unsigned int k = 0; k < " + w + "; ++k) {\n";
  std::string text =
      "  const " + u64 + " step = gridDim.x * (" + u64 + ")blockDim.x;\n  const " + u64 +
      " packs = count / " + w + " + (count % " + w + " != 0);\n  const bool aligned = " + whole.substr(4) +
      ";\n  for (" + u64 + " g = blockIdx.x * (" + u64 +
      ")blockDim.x + threadIdx.x; g < packs; g += step) {\n    const " + u64 + " begin = first + g * " + w +
      ", left = count - g * " + w + ";\n    const unsigned int n = left < " + w +
      " ? (unsigned int)left : " + w + ";\n    const bool is_whole = aligned && n == " + w + ";\n" + declared;
  if (!in.empty())
    text += "    if (is_whole) {\n" + loads + "    } else {\n" + lanes + pieces + "      }\n    }\n";
  text += "#pragma unroll\n    for (unsigned int k = 0; k < " + w + "; ++k) {\n      const " + u64 +
          " i = begin + k;\n" + body_text(p, d, l.names, 6) + results_text(p, d, "      ", "y", ".at[k]") +
          "    }\n    if (is_whole) {\n" + stores + "    } else {\n" + lanes + leftovers +
          "      }\n    }\n  }\n";
  return text;
}

// A CPU's driver makes vectors of the items of a group. A test in each of them makes those masked, two to
// three times as slow where memory is what counts; a whole group asks once. It makes none of kernels with
// loops or with clamped places, poor ones of long texts, and none that store past the caches: those are
// written in vectors. But not with a driver's own functions: those of vectors can be worse than it promises
// (PoCL's sin of denormals is).
std::string grouped_map(const std::string& statements) {
  return "  const ulong e = get_global_id(0);\n"
         "  const ulong i = first + e;\n"
         "  if (get_global_offset(0) + (get_group_id(0) + 1) * get_local_size(0) <= count) {\n" +
         statements + "  } else if (e < count) {\n" + statements + "  }\n";
}

}  // namespace

generated emit_map(const program& p, std::string_view dialect, spelling how) {
  generated g;
  g.fast = may_relax(how, {&p});
  const dialect_spec d = spelled_dialect(dialect, how, g.fast);
  parameter_list l = parameters_of(p.arguments, p.stored, d);
  g.width = width_of(p, d);
  std::string body, structs;
  if (g.width > 1) {
    body = wide_map(p, d, l, g.width, structs);
  } else if (d.item_per_block && !d.natives && worth_vectors(p, wide_nodes)) {
    g.width = vector_lanes(p);
    body = row_map(p, d, l, g.width);
  } else if (d.item_per_block && p.loops.empty() && p.nodes.size() <= wide_nodes) {
    body = grouped_map(body_text(p, d, l.names, 4) + results_text(p, d, "    ", "r", "[i]"));
  } else {
    const int indent = d.map_end[0] == 0 ? 2 : 4;  // inside a loop over the grid
    const std::string in(static_cast<std::size_t>(indent), ' ');
    body = d.map_begin + body_text(p, d, l.names, indent) + results_text(p, d, in, "r", "[i]") + d.map_end;
  }
  // The entry's name would be taken for a helper's: it joins after the helpers are known.
  g.entry = "bf_" + hex(p.id).substr(0, 16);
  const std::string kernel = structs + d.kernel + "$entry(" + l.declared + ") {\n" + body + "}\n";
  g.source = whole_source(kernel, d);
  g.source.replace(g.source.find("$entry("), 6, g.entry);
  return g;
}

}  // namespace busfare::core
