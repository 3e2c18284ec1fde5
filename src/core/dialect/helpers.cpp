// Total integer arithmetic, conversions and defined functions, written once for all dialects.
#include "core/dialect/helpers.hpp"

#include <optional>
#include <set>
#include <vector>

#include <busfare/error.hpp>

#include "core/dialect/body.hpp"
#include "core/dialect/definitions.hpp"
#include "core/dialect/wide_text.hpp"
#include "core/literal_text.hpp"

namespace busfare::core {

namespace {

bool is_real(value_type t) { return t == value_type::f32 || t == value_type::f64; }
bool is_signed(value_type t) { return t == value_type::i32 || t == value_type::i64; }

std::optional<value_type> type_named(std::string_view s) {
  for (int t = 0; t <= static_cast<int>(value_type::mask); ++t)
    if (s == name_of(static_cast<value_type>(t))) return static_cast<value_type>(t);
  return std::nullopt;
}

[[noreturn]] void unknown(std::string_view name) {
  throw error(error_class::internal, "no helper function is named " + std::string(name));
}

// The divisor is made harmless before the division: a vectorising compiler may execute both arms.
std::string division(value_type t, const dialect_spec& d) {
  if (is_signed(t))
    return spelled(
        "$T bf_div_$t(const $T a, const $T b) {\n"
        "  const $T c = (b == 0 || b == -1) ? 1 : b;\n"
        "  const $T q = a / c;\n"
        "  return b == 0 ? 0 : (b == -1 ? ($T)(($U)0 - ($U)a) : q);\n}\n",
        t, d);
  return spelled(
      "$T bf_div_$t(const $T a, const $T b) {\n"
      "  const $T q = a / (b == 0 ? 1 : b);\n"
      "  return b == 0 ? 0 : q;\n}\n",
      t, d);
}

std::string remainder(value_type t, const dialect_spec& d) {
  if (is_signed(t))
    return spelled(
        "$T bf_mod_$t(const $T a, const $T b) {\n"
        "  const $T c = (b == 0 || b == -1) ? 1 : b;\n"
        "  return a % c;\n}\n",
        t, d);
  return spelled("$T bf_mod_$t(const $T a, const $T b) {\n  return a % (b == 0 ? 1 : b);\n}\n", t, d);
}

std::string shift(bool left, value_type t, const dialect_spec& d) {
  const std::string count = "(int)(b & " + std::to_string(bits_of(t) - 1) + ")";
  return spelled(left ? "$T bf_shl_$t(const $T a, const $T b) {\n  return ($T)(($U)a << " + count + ");\n}\n"
                      : "$T bf_shr_$t(const $T a, const $T b) {\n  return a >> " + count + ";\n}\n",
                 t, d);
}

// A NaN gives way to a number; -0 is below +0.
std::string extremum(bool least, value_type t, const dialect_spec& d) {
  const std::string bits = std::string(t == value_type::f32 ? d.i32_of_f32 : d.i64_of_f64) + "(a)";
  const std::string tie = least ? "(" + bits + " < 0 ? a : b)" : "(" + bits + " < 0 ? b : a)";
  const std::string order = least ? "a < b ? a : (b < a ? b : " : "b < a ? a : (a < b ? b : ";
  return spelled(std::string("$T bf_") + (least ? "min" : "max") +
                     "_$t(const $T a, const $T b) {\n  return a != a ? b : (b != b ? a : (" + order + tie +
                     ")));\n}\n",
                 t, d);
}

std::string absolute(value_type t, const dialect_spec& d) {
  if (is_signed(t))
    return spelled("$T bf_abs_$t(const $T a) {\n  return a < 0 ? ($T)(($U)0 - ($U)a) : a;\n}\n", t, d);
  return spelled("$T bf_abs_$t(const $T a) {\n  return a;\n}\n", t, d);
}

std::string saturation(value_type from, value_type to, const dialect_spec& d) {
  const std::string l = d.i64_suffix;
  const std::string suffix = from == value_type::f32 ? "f" : "";
  std::string least, most, power;
  switch (to) {
    case value_type::i32:
      least = "(-2147483647 - 1)", most = "2147483647", power = "0x1p+31";
      break;
    case value_type::u32:
      least = "0", most = "4294967295u", power = "0x1p+32";
      break;
    case value_type::i64:
      least = "(-9223372036854775807" + l + " - 1)", most = "9223372036854775807" + l, power = "0x1p+63";
      break;
    default:
      least = "0", most = std::string("18446744073709551615") + d.u64_suffix, power = "0x1p+64";
      break;
  }
  const std::string low = is_signed(to) ? "a <= -" + power + suffix : "a <= 0";
  return "a != a ? 0 : (" + low + " ? " + least + " : (a >= " + power + suffix + " ? " + most + " : ($R)a))";
}

std::string replaced(std::string s, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = s.find(what, at)) != std::string::npos; at += by.size())
    s.replace(at, what.size(), by);
  return s;
}

// $R is the result's C name.
std::string conversion(const std::string& name, value_type from, value_type to, const dialect_spec& d,
                       const std::string& value) {
  const std::string pattern = "$R " + name + "(const $T a) {\n  return " + value + ";\n}\n";
  return spelled(replaced(pattern, "$R", d.values[static_cast<std::uint8_t>(to)]), from, d);
}

std::string cast(const std::string& name, value_type from, value_type to, const dialect_spec& d) {
  if (to == value_type::mask) return conversion(name, from, to, d, "a != 0");
  if (is_real(from) && !is_real(to) && from != to)
    return conversion(name, from, to, d, saturation(from, to, d));
  return conversion(name, from, to, d, "($R)a");
}

// Only here a NaN's sign and payload could be seen: it becomes the positive quiet NaN.
std::string bits(const std::string& name, value_type from, value_type to, const dialect_spec& d) {
  if (bits_of(from) != bits_of(to) || from == value_type::mask || to == value_type::mask) unknown(name);
  const bool wide = bits_of(from) == 64;
  const std::string to_int = wide ? d.i64_of_f64 : d.i32_of_f32, to_real = wide ? d.f64_of_i64 : d.f32_of_i32;
  const std::string integer = d.values[wide ? 4 : 2];
  const std::string nan = wide ? std::string("0x7ff8000000000000") + d.i64_suffix : "0x7fc00000";
  if (is_real(from) && is_real(to))
    return conversion(name, from, to, d, "a != a ? " + to_real + "(" + nan + ") : a");
  if (is_real(from)) return conversion(name, from, to, d, "($R)(a != a ? " + nan + " : " + to_int + "(a))");
  if (is_real(to)) return conversion(name, from, to, d, to_real + "((" + integer + ")a)");
  return conversion(name, from, to, d, "($R)a");
}

// What half_loaded and half_bits of busfare/value/half.hpp are, where comments say why. By integers, since
// not every compiler of OpenCL C has half, and CUDA's needs a header.
std::string half_conversion(bool load, const dialect_spec& d) {
  const std::string pattern =
      load ? "float bf_f32_of_f16(const $S a) {\n"
             "  const $T size = a & 0x7fffu;\n"
             "  const $T sign = (a & 0x8000u) << 16;\n"
             "  const $T normal = (size << 13) + (size < 0x7c00u ? 0x38000000u : 0x70000000u);\n"
             "  const $T tiny = ($T)$bits((float)size * 0x1p-24f);\n"
             "  return $float((int)((size < 0x400u ? tiny : normal) | sign));\n}\n"
           : "$S bf_f16_of_f32(const float a) {\n"
             "  const $T bits = ($T)$bits(a);\n"
             "  const $T size = bits & 0x7fffffffu;\n"
             "  const $T tiny = ($T)$bits($float((int)size) + 0.5f) - 0x3f000000u;\n"
             "  const $T normal = (size - 0x37fff001u + ((size >> 13) & 1u)) >> 13;\n"
             "  const $T number = size < 0x38800000u ? tiny : (size < 0x47800000u ? normal : 0x7c00u);\n"
             "  return ($S)(size > 0x7f800000u ? 0x7e00u : (number | ((bits >> 16) & 0x8000u)));\n}\n";
  std::string s = replaced(pattern, "$S", d.stored[static_cast<std::uint8_t>(type::f16)]);
  s = replaced(replaced(s, "$bits", d.i32_of_f32), "$float", d.f32_of_i32);
  return spelled(s, value_type::u32, d);
}

// N(x) = erfc(-x / sqrt 2) / 2. Where the tail is small, what the rounding of y takes from y comes back by
// the slope of erfc, which is there -2 y erfc(y): without it the error would grow with x * x.
std::string fast_normal_cdf(value_type t, const dialect_spec& d) {
  const bool narrow = t == value_type::f32;
  const std::string suffix = narrow ? "f" : "", half = "0.5" + suffix;
  const std::string high = narrow ? "-0x1.6a09e6p-1f" : "-0x1.6a09e667f3bcdp-1";
  const std::string low = narrow ? "-0x1.9fcef4p-27f" : "0x1.bdd3413b26456p-55";
  return spelled("$T bf_fast_normal_cdf_$t(const $T x) {\n  const $T y = x * " + high +
                     ";\n  const $T rest = fma(x, " + low + ", fma(x, " + high +
                     ", -y));\n  const $T e = erfc(y);\n  return y > 0 && e > 0 ? fma(-e, y * rest, " + half +
                     " * e) : " + half + " * e;\n}\n",
                 t, d);
}

// A definition's bound rests on its own rows as they are written.
std::string defined(op o, value_type t, dialect_spec d) {
  d.natives = false;
  const program& p = definition_of(o, t);
  const std::string body = body_text(p, d, {{"x", "y"}, {"", ""}, {"", ""}, {}}, 2);
  const char* operands = vocabulary[static_cast<int>(o)].arity == 2 ? "const $T x, const $T y" : "const $T x";
  return spelled(std::string("$T bf_") + vocabulary[static_cast<int>(o)].name + "_$t(" + operands + ") {\n",
                 t, d) +
         body + "  return v" + std::to_string(p.results[0]) + ";\n}\n";
}

std::string definition(const std::string& name, const dialect_spec& d) {
  if (std::string of_vectors = wide_definition(name, d); !of_vectors.empty()) return of_vectors;
  if (std::string of_far = far_definition(name, d); !of_far.empty()) return of_far;
  if (name == "bf_index")
    return spelled("$T bf_index(const $T i, const $T n) {\n  return i < 0 ? 0 : (i < n ? i : n - 1);\n}\n",
                   value_type::i64, d);
  if (name == "bf_f32_of_f16" || name == "bf_f16_of_f32") return half_conversion(name == "bf_f32_of_f16", d);
  const std::size_t to_at = name.find("_to_"), from_at = name.rfind('_', to_at - 1);
  if (to_at != std::string::npos && from_at != std::string::npos && from_at >= 3) {
    const std::string family = name.substr(3, from_at - 3);
    const auto from = type_named(std::string_view(name).substr(from_at + 1, to_at - from_at - 1));
    const auto to = type_named(std::string_view(name).substr(to_at + 4));
    if (!from || !to) unknown(name);
    if (family == "cast") return cast(name, *from, *to, d);
    if (family == "bits") return bits(name, *from, *to, d);
    unknown(name);
  }
  const std::size_t type_at = name.rfind('_');
  const auto t = type_named(std::string_view(name).substr(type_at + 1));
  if (!t || type_at < 3) unknown(name);
  const std::string family = name.substr(3, type_at - 3);
  if (family == "div") return division(*t, d);
  if (family == "mod") return remainder(*t, d);
  if (family == "shl" || family == "shr") return shift(family == "shl", *t, d);
  if (family == "min" || family == "max") return extremum(family == "min", *t, d);
  if (family == "abs") return absolute(*t, d);
  if (family == "fast_normal_cdf" && is_real(*t)) return fast_normal_cdf(*t, d);
  for (int o = 0; o < vocabulary_size; ++o)
    if (is_defined(static_cast<op>(o)) && family == vocabulary[o].name)
      return defined(static_cast<op>(o), *t, d);
  unknown(name);
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c >= 'A' && c <= 'Z');
}

std::set<std::string> names_in(std::string_view code) {
  std::set<std::string> names;
  for (std::size_t at = 0; (at = code.find("bf_", at)) != std::string_view::npos;) {
    std::size_t end = at;
    while (end < code.size() && is_word(code[end])) ++end;
    if (at == 0 || !is_word(code[at - 1])) names.emplace(code.substr(at, end - at));
    at = end;
  }
  return names;
}

}  // namespace

std::string helpers_for(std::string_view code, const dialect_spec& d) {
  struct pending {
    std::string name, text;
    bool open;
  };
  std::string out;
  std::set<std::string> done, opened;
  std::vector<pending> stack;
  const auto push_all = [&](const std::set<std::string>& names) {
    for (auto n = names.rbegin(); n != names.rend(); ++n) stack.push_back({*n, "", false});
  };
  push_all(names_in(code));
  while (!stack.empty()) {
    pending& top = stack.back();
    if (done.contains(top.name)) {
      stack.pop_back();
    } else if (top.open) {
      out += d.function + top.text;
      done.insert(top.name);
      stack.pop_back();
    } else {
      if (!opened.insert(top.name).second)
        throw error(error_class::internal, "the definition of " + top.name + " uses itself");
      top.open = true;
      top.text = definition(top.name, d);
      std::set<std::string> uses = names_in(top.text);
      uses.erase(top.name);
      push_all(uses);
    }
  }
  return out;
}

bool mentions_f64(std::string_view code) { return code.find("double") != std::string_view::npos; }

}  // namespace busfare::core
