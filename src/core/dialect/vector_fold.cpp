// The text of vector_fold.hpp.
#include "core/dialect/vector_fold.hpp"

#include <algorithm>

#include "core/dialect/vector_body.hpp"

namespace busfare::core {

namespace {

using backend::parameter_kind;

// Above this, the copies of the body in an unrolled loop cost more than they hide.
constexpr std::size_t unrolled_nodes = 32;

std::string numbered(const char* before, std::size_t k, const std::string& after = "") {
  return before + std::to_string(k) + after;
}
std::string vector_name(type component, unsigned vector, const dialect_spec& d) {
  return wide_name(value_of(component), vector, d);
}

// f(k) for every component, joined.
template <class F> std::string joined(std::size_t components, const std::string& between, F&& f) {
  std::string s;
  for (std::size_t k = 0; k < components; ++k) s += (k > 0 ? between : "") + f(k);
  return s;
}

std::string outputs(std::span<const type> components, const dialect_spec& d, unsigned vector) {
  return joined(components.size(), ", ",
                [&](std::size_t k) { return vector_name(components[k], vector, d) + numbered("* o", k); });
}

std::string elements_one_by_one(std::span<const type> components, const dialect_spec& d,
                                const parameter_list& l, unsigned vector) {
  const std::string w = std::to_string(vector);
  std::string text;
  for (std::size_t k = 0; k < components.size(); ++k)
    text += std::string("    ") + d.values[static_cast<std::uint8_t>(value_of(components[k]))] +
            numbered(" t", k, "[" + w + "];\n");
  text += "    for (uint j = 0; j < " + w + "; ++j) fold_element(" +
          joined(components.size(), ", ", [](std::size_t k) { return numbered("&t", k, "[j]"); }) + ", " +
          l.passed + ", i + j);\n";
  for (std::size_t k = 0; k < components.size(); ++k)
    text += numbered("    *o", k) + " = vload" + w + numbered("(0, t", k, ");\n");
  return text + "    return;\n";
}

}  // namespace

unsigned fold_vector(const program* element, const program& operation, std::span<const type> components,
                     const dialect_spec& d) {
  if (!d.item_per_block || d.natives) return 0;
  const auto is_element = [](const backend::parameter& a) { return a.kind == parameter_kind::element; };
  if (!std::all_of(operation.arguments.begin(), operation.arguments.end(), is_element)) return 0;
  const auto is_wide = [](type t) { return size_of(compute_of(t)) == 8; };
  if (operation.uses_f64 || std::any_of(components.begin(), components.end(), is_wide)) return 8;
  return element != nullptr ? vector_lanes(*element) : 16;
}

std::string fold_functions_of_vectors(const program* element, const program& operation,
                                      std::span<const type> components, const dialect_spec& d,
                                      const parameter_list& l, unsigned vector) {
  const std::size_t size = components.size();
  const std::string w = std::to_string(vector);
  std::string code = d.function + std::string("void fold_elements(") + outputs(components, d, vector) + ", " +
                     l.received + ", const " + d.values[5] + " i) {\n";
  if (element == nullptr) {
    for (std::size_t k = 0; k < size; ++k)
      if (asks_ahead(components[k], vector)) code += numbered("  bf_ahead(a", k, " + i);\n");
    for (std::size_t k = 0; k < size; ++k)
      code += numbered("  *o", k) + " = " + wide_loaded(components[k], numbered("a", k, " + i"), vector, d) +
              ";\n";
  } else {
    const vector_body body(*element, d, l, vector);
    if (body.axis() >= 0) {
      code += body.place_text("  ") + "  const long at = (long)column;\n  int whole = (" + body.neighbours() +
              ") >= " + w + ";\n";
      if (body.has_checks())
        code += "  if (whole) {\n" + body.before_checks(4) + "    whole = " + body.checks() + ";\n  }\n";
      code += "  if (!whole) {\n" + elements_one_by_one(components, d, l, vector) + "  }\n";
    }
    code += body.many(2);
    if (element->loops.empty()) code += body.ahead(2);
    for (std::size_t k = 0; k < size; ++k)
      code += numbered("  *o", k) + " = " +
              wide_widened(components[k], body.stored(k, components[k]), vector, d) + ";\n";
  }
  code += "}\n" + (d.function + std::string("void fold_combines(")) + outputs(components, d, vector);
  body_names names;
  for (std::size_t k = 0; k < 2 * size; ++k) {
    names.inputs.push_back(numbered("x", k));
    code += ", const " + vector_name(components[k % size], vector, d) + numbered(" x", k);
  }
  const lane_plan plan = plan_lanes(operation, -1);
  const wide_speller wide(operation, d, names, plan, vector);
  code += ") {\n" + body_text(operation, d, names, 2, &wide);
  for (std::size_t k = 0; k < size; ++k)
    code += numbered("  *o", k) + " = " + wide.stored(k, compute_of(components[k])) + ";\n";
  return code + "}\n";
}

std::string rows_of_vectors(const program* element, const program& operation,
                            std::span<const type> components, const dialect_spec& d, unsigned vector,
                            unsigned lanes) {
  const std::size_t size = components.size();
  const std::string w = std::to_string(vector), pieces = std::to_string(lanes / vector);
  const bool small = (element == nullptr || element->nodes.size() <= unrolled_nodes) &&
                     operation.nodes.size() <= unrolled_nodes;
  // Sums in registers, where there are few enough; each piece has its own chain of operations.
  const auto loop = [&](const std::string& in, const std::string& statements) {
    return (small ? "#pragma unroll\n" : "") + in + "for (uint q = 0; q < " + pieces + "; ++q) {\n" +
           statements + in + "}\n";
  };
  const auto list = [&](const char* before, const char* after) {
    return joined(size, ", ", [&](std::size_t k) { return numbered(before, k, after); });
  };
  std::string sums, values = "       ", kept;
  for (std::size_t k = 0; k < size; ++k) {
    const std::string type = vector_name(components[k], vector, d);
    sums += "    " + type + numbered(" s", k, "[" + pieces + "];\n");
    values += " " + type + numbered(" x", k, ";");
    kept += "      vstore" + w + numbered("(s", k, "[q], q") + numbered(", c", k, ");\n");
  }
  return "  if (rows > 0) {\n" + sums +
         loop("    ", "      fold_elements(" + list("&s", "[q]") + ", $passed, begin + q * " + w + ");\n") +
         "    for (uint row = 1; row < rows; ++row) {\n" +
         loop("      ", values + "\n        fold_elements(" + list("&x", "") +
                            ", $passed, begin + row * $L + q * " + w + ");\n        fold_combines(" +
                            list("&s", "[q]") + ", " + list("s", "[q]") + ", " + list("x", "") + ");\n") +
         "    }\n" + loop("    ", kept) + "  }\n";
}

}  // namespace busfare::core
