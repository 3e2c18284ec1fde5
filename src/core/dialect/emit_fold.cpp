// One level of the fixed reduction tree.
#include <algorithm>

#include <busfare/cpu_code.hpp>
#include <busfare/error.hpp>

#include "core/canonical.hpp"
#include "core/dialect/emit.hpp"
#include "core/dialect/parameters.hpp"
#include "core/dialect/spelling.hpp"
#include "core/dialect/vector_fold.hpp"
#include "core/program_text.hpp"

namespace busfare::core {

namespace {

// Replaces every $name of a template.
class filling {
 public:
  void set(const std::string& name, const std::string& value) { words_.push_back({"$" + name, value}); }
  [[nodiscard]] std::string operator()(std::string s) const {
    for (const auto& [what, by] : words_)
      for (std::size_t at = 0; (at = s.find(what, at)) != std::string::npos; at += by.size())
        s.replace(at, what.size(), by);
    return s;
  }

 private:
  std::vector<std::pair<std::string, std::string>> words_;
};

// `pattern` once per component, # replaced by its number, joined.
std::string each(std::size_t components, const std::string& pattern, const std::string& between = "") {
  std::string s;
  for (std::size_t k = 0; k < components; ++k) {
    if (k > 0) s += between;
    for (const char c : pattern) s += c == '#' ? std::to_string(k) : std::string(1, c);
  }
  return s;
}

void check(const program* element, const program& operation, std::span<const type> components) {
  const auto bad = [](const char* what) {
    throw error(error_class::internal, std::string("a fold is malformed: ") + what);
  };
  const std::size_t k = components.size();
  if (k == 0 || operation.results.size() != k || operation.arguments.size() != 2 * k)
    bad("an operation on k components takes 2k arguments and gives k results");
  if (element != nullptr && element->results.size() != k) bad("the element program gives other components");
  for (std::size_t i = 0; i < 2 * k; ++i) {
    if (operation.arguments[i].kind == backend::parameter_kind::whole) bad("the operation reads a table");
    if (value_of(operation.arguments[i].type) != value_of(components[i % k]))
      bad("the operation takes other types than its components have");
  }
  for (std::size_t i = 0; i < k; ++i)
    if (value_of(operation.stored[i]) != value_of(components[i])) bad("an accumulator changes its type");
}

constexpr const char* one_item = R"(  const $u64 b = get_global_id(0);
  if (b >= count / 4096 + (count % 4096 != 0)) return;
  const $u64 begin = first + b * 4096;
  const $u64 left = count - b * 4096;
  const uint n = left < 4096 ? (uint)left : 4096;
  const uint rows = n / $L, rest = n % $L;
$arrays$rows  for (uint j = 0; j < rest; ++j) {
    $values
    fold_element($to_values, $passed, begin + rows * $L + j);
    if (rows > 0) {
      fold_combine($to_lane, $lane, $x);
    } else {
      $keep
    }
  }
  const uint held = rows > 0 ? $L : rest;
  for (uint h = $L / 2; h > 0; h /= 2) {
    for (uint j = 0; j < h; ++j) {
      if (j + h < held) {
        fold_combine($to_lane, $lane, $other);
      }
    }
  }
)";

constexpr const char* rows_of_lanes = R"(  if (rows > 0) {
    for (uint j = 0; j < $L; ++j) {
      fold_element($to_lane, $passed, begin + j);
    }
    for (uint row = 1; row < rows; ++row) {
      for (uint j = 0; j < $L; ++j) {
        $values
        fold_element($to_values, $passed, begin + row * $L + j);
        fold_combine($to_lane, $lane, $x);
      }
    }
  }
)";

constexpr const char* one_group = R"($arrays  const unsigned int j = $id;
  const $u64 b = $group;
  if (b >= count / 4096 + (count % 4096 != 0)) return;
  const $u64 begin = first + b * 4096;
  const $u64 left = count - b * 4096;
  const unsigned int n = left < 4096 ? (unsigned int)left : 4096;
  if (j < n) {
    $sums
    fold_element($to_sums, $passed, begin + j);
    for (unsigned int e = j + $L; e < n; e += $L) {
      $values
      fold_element($to_values, $passed, begin + e);
      fold_combine($to_sums, $acc, $x);
    }
    $park
  }
  $barrier
  for (unsigned int h = $L / 2; h > 0; h /= 2) {
    if (j < h && j + h < n) {
      $sums
      fold_combine($to_sums, $lane, $other);
      $park
    }
    $barrier
  }
  if (j != 0) return;
)";

// One text for a group and for a lone item ($L is 1): tiles that fit shared memory, then the tiles' results.
// An item combines the pairs j, j + L, ...; c holds [0, $half) and [$half, $low) in turn, and from $low on
// one result per tile. Between two barriers nobody writes what another item reads.
constexpr const char* pairs_text = R"($arrays  const unsigned int j = $id;
  const $u64 b = $group;
  if (b >= count / 4096 + (count % 4096 != 0)) return;
  const $u64 begin = first + b * 4096;
  const $u64 left = count - b * 4096;
  const unsigned int n = left < 4096 ? (unsigned int)left : 4096;
  unsigned int m, from, to;
  for (unsigned int at = 0; at < n; at += $tile) {
    const unsigned int here = n - at < $tile ? n - at : $tile;
    for (unsigned int k = j; 2 * k < here; k += $L) {
      $values
      fold_element($to_values, $passed, begin + at + 2 * k);
      if (2 * k + 1 < here) {
        $sums
        fold_element($to_sums, $passed, begin + at + 2 * k + 1);
        fold_combine($to_values, $x, $acc);
      }
      $first_level
    }
    $barrier
    m = here / 2 + here % 2;
    from = 0;
    to = $half;
$levels    if (j == 0) {
      $result_of_tile
    }
  }
  $barrier
  m = n / $tile + (n % $tile != 0);
  from = $low;
  to = 0;
$top_levels  if (j != 0) return;
)";

constexpr const char* levels_text = R"($infor (; m > 1; m = m / 2 + m % 2) {
$in  for (unsigned int k = j; k < m / 2; k += $L) {
$in    $sums
$in    fold_combine($to_sums, $even, $odd);
$in    $next_level
$in  }
$in  if (j == 0 && m % 2 != 0) {
$in    $pass_up
$in  }
$in  $barrier
$in  const unsigned int next = to;
$in  to = from;
$in  from = next;
$in}
)";

// Elements of a tile: as many as leave room in 32 KiB, the least local memory of OpenCL 1.2, for four groups.
unsigned pair_tile(std::span<const type> components) {
  std::size_t bytes = 0;
  for (const type t : components) bytes += size_of(compute_of(t));
  unsigned tile = 1024;
  while (tile > 64 && tile * 3 / 4 * bytes > 8192) tile /= 2;
  return tile;
}

}  // namespace

unsigned fold_lanes(const program& operation, fold_tree tree) {
  if (tree == fold_tree::pairs) return 64;
  std::size_t widest = 4;
  for (const type t : operation.stored) widest = std::max(widest, size_of(compute_of(t)));
  return tree_lanes(widest);
}

generated emit_fold(const program* element, const program& operation, std::span<const type> component_stored,
                    std::string_view dialect, fold_tree tree, spelling how) {
  check(element, operation, component_stored);
  generated g;
  g.fast = may_relax(how, {element, &operation});
  const dialect_spec d = spelled_dialect(dialect, how, g.fast);
  const std::size_t k = component_stored.size();
  std::vector<backend::parameter> arguments;
  if (element != nullptr)
    arguments = element->arguments;
  else
    for (const type t : component_stored) arguments.push_back({backend::parameter_kind::element, t});
  const parameter_list l = parameters_of(arguments, operation.stored, d);
  const auto c_type = [&](std::size_t i) {
    return std::string(d.values[static_cast<std::uint8_t>(value_of(component_stored[i]))]);
  };
  const std::string u64 = d.values[5];

  // What is folded: component k of element i.
  std::string code = d.function + std::string("void fold_element(");
  for (std::size_t i = 0; i < k; ++i) code += c_type(i) + "* o" + std::to_string(i) + ", ";
  code += l.received + ", const " + u64 + " i) {\n";
  if (element != nullptr) code += body_text(*element, d, l.names, 2);
  for (std::size_t i = 0; i < k; ++i)
    code += "  *o" + std::to_string(i) + " = " +
            (element != nullptr
                 ? loaded_text(component_stored[i], stored_value(*element, i, component_stored[i], d))
                 : l.names.inputs[i]) +
            ";\n";
  code += "}\n";

  // The operation: all operands arrive by value, so that it may write where it read.
  body_names operands;
  code += d.function + std::string("void fold_combine(");
  for (std::size_t i = 0; i < k; ++i) code += c_type(i) + "* o" + std::to_string(i) + ", ";
  for (std::size_t i = 0; i < 2 * k; ++i) {
    const std::string x = "x" + std::to_string(i);
    code += (i > 0 ? ", const " : "const ") + c_type(i % k) + " " + x;
    operands.inputs.push_back(x);
  }
  code += ") {\n" + body_text(operation, d, operands, 2);
  for (std::size_t i = 0; i < k; ++i)
    code += "  *o" + std::to_string(i) + " = " +
            stored_value(operation, i, compute_of(component_stored[i]), d) + ";\n";
  code += "}\n";

  filling fill;
  const bool pairs = tree == fold_tree::pairs;
  const unsigned vector = pairs ? 0 : fold_vector(element, operation, component_stored, d);
  if (vector != 0) code += fold_functions_of_vectors(element, operation, component_stored, d, l, vector);
  fill.set("rows", vector == 0 ? rows_of_lanes
                               : rows_of_vectors(element, operation, component_stored, d, vector,
                                                 fold_lanes(operation, tree)));
  const unsigned tile = pair_tile(component_stored), half = tile / 2, low = half + tile / 4;
  const std::string room =
      pairs ? std::to_string(low + static_cast<unsigned>(tree_block) / tile) : std::string("$L");
  std::string arrays, values, sums;
  for (std::size_t i = 0; i < k; ++i) {
    const std::string number = std::to_string(i);
    arrays += "  " + std::string(d.item_per_block ? "" : d.shared) + c_type(i) + " c" + number + "[" + room +
              "];\n";
    values += (i > 0 ? " " : "") + c_type(i) + " x" + number + ";";
    sums += (i > 0 ? " " : "") + c_type(i) + " s" + number + ";";
  }
  fill.set("arrays", arrays);
  for (const char* name : {"levels", "top_levels"}) {
    filling indent;
    indent.set("in", name[0] == 't' ? "  " : "    ");
    fill.set(name, indent(levels_text));
  }
  fill.set("next_level", each(k, "c#[to + k] = s#;", " "));
  fill.set("even", each(k, "c#[from + 2 * k]", ", "));
  fill.set("odd", each(k, "c#[from + 2 * k + 1]", ", "));
  fill.set("pass_up", each(k, "c#[to + m / 2] = c#[from + m - 1];", " "));
  fill.set("first_level", each(k, "c#[k] = x#;", " "));
  fill.set("result_of_tile", each(k, "c#[$low + at / $tile] = c#[from];", " "));
  fill.set("tile", std::to_string(tile));
  fill.set("half", std::to_string(half));
  fill.set("low", std::to_string(low));
  fill.set("to_lane", each(k, "&c#[j]", ", "));
  fill.set("to_values", each(k, "&x#", ", "));
  fill.set("to_sums", each(k, "&s#", ", "));
  fill.set("lane", each(k, "c#[j]", ", "));
  fill.set("other", each(k, "c#[j + h]", ", "));
  fill.set("acc", each(k, "s#", ", "));
  fill.set("values", values);
  fill.set("sums", sums);
  fill.set("keep", each(k, "c#[j] = x#;", " "));
  fill.set("park", each(k, "c#[j] = s#;", " "));
  fill.set("passed", l.passed);
  fill.set("barrier", d.item_per_block ? "" : d.barrier);
  fill.set("id", d.item_per_block ? std::string("0") : std::string("(unsigned int)") + d.lane);
  fill.set("group", d.item_per_block ? "get_global_id(0)" : d.group);
  fill.set("u64", u64);
  fill.set("x", each(k, "x#", ", "));
  fill.set("L", std::to_string(pairs && d.item_per_block ? 1 : fold_lanes(operation, tree)));

  const std::string attribute = d.item_per_block ? "" : fill(d.group_size);
  code += std::string(d.kernel).substr(0, std::string(d.kernel).size() - 5) + attribute + "void $entry(" +
          l.declared + ") {\n" +
          fill(pairs              ? pairs_text
               : d.item_per_block ? one_item
                                  : one_group);
  for (std::size_t i = 0; i < k; ++i) {
    const std::string number = std::to_string(i);
    code += "  r" + number +
            "[b] = " + stored_text(operation.stored[i], "c" + number + (pairs ? "[from]" : "[0]"), d) + ";\n";
  }
  code += "}\n";

  std::vector<program_id> ids = {operation.id};
  if (element != nullptr) ids.push_back(element->id);
  std::vector<std::uint64_t> numbers;
  for (const type t : component_stored) numbers.push_back(static_cast<std::uint64_t>(t));
  if (pairs) numbers.push_back(~std::uint64_t{0});
  g.entry = "bf_" + hex(combined_id(ids, numbers)).substr(0, 16);
  g.source = whole_source(code, d);
  g.source.replace(g.source.find("$entry("), 6, g.entry);
  return g;
}

}  // namespace busfare::core
