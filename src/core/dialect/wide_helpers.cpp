// Helpers of vectors. What the hardware has no vectors of is done lane by lane, by the scalar helper.
#include <cctype>
#include <optional>

#include <busfare/error.hpp>

#include "core/dialect/definitions.hpp"
#include "core/dialect/wide_text.hpp"
#include "core/literal_text.hpp"

namespace busfare::core {

namespace {

bool is_real(value_type t) { return t == value_type::f32 || t == value_type::f64; }
bool is_signed(value_type t) { return t == value_type::i32 || t == value_type::i64; }

template <class T, int Count> std::optional<T> named(std::string_view s) {
  for (int t = 0; t < Count; ++t)
    if (s == name_of(static_cast<T>(t))) return static_cast<T>(t);
  return std::nullopt;
}
std::optional<value_type> value_named(std::string_view s) { return named<value_type, 7>(s); }
std::optional<type> stored_named(std::string_view s) { return named<type, 11>(s); }

struct writer {
  std::string name, scalar;  // "bf_div_i32x8", "bf_div_i32"
  unsigned lanes;
  const dialect_spec& d;

  [[nodiscard]] std::string wide(value_type t) const { return wide_name(t, lanes, d); }
  [[nodiscard]] std::string wide(type t) const {
    return d.stored[static_cast<std::uint8_t>(t)] + std::to_string(lanes);
  }
  [[nodiscard]] std::string lane(const std::string& vector, unsigned k) const {
    return vector + ".s" + "0123456789abcdef"[k];
  }
  // (type)(f(0), f(1), ...)
  template <class F> [[nodiscard]] std::string each(const std::string& type, F&& f) const {
    std::string s = "(" + type + ")(";
    for (unsigned k = 0; k < lanes; ++k) s += (k != 0 ? ", " : "") + f(k);
    return s + ")";
  }
  [[nodiscard]] std::string function(const std::string& gives, const std::string& takes,
                                     const std::string& statements) const {
    return gives + " " + name + "(" + takes + ") {\n" + statements + "}\n";
  }
  [[nodiscard]] std::string by_lane(const std::string& gives, const std::string& takes, bool two) const {
    const std::string value = each(gives, [&](unsigned k) {
      return scalar + "(" + lane("a", k) + (two ? ", " + lane("b", k) : "") + ")";
    });
    return function(gives, "const " + takes + " a" + (two ? ", const " + takes + " b" : ""),
                    "  return " + value + ";\n");
  }
};

// $V $I $B: the vector's name, that of a mask or signed integer as wide, that of an unsigned one.
std::string spelled_wide(std::string pattern, value_type t, const writer& w) {
  const bool is_wide = bits_of(t) == 64;
  const std::string by[] = {w.wide(t), w.wide(is_wide ? value_type::i64 : value_type::i32),
                            w.wide(is_wide ? value_type::u64 : value_type::u32)};
  for (int k = 0; k < 3; ++k)
    for (std::size_t at = 0; (at = pattern.find(k == 0 ? "$V" : k == 1 ? "$I" : "$B")) != std::string::npos;)
      pattern.replace(at, 2, by[k]);
  return pattern;
}

std::string two(const std::string& value, value_type t, const writer& w) {
  return w.function(w.wide(t), "const " + w.wide(t) + " a, const " + w.wide(t) + " b",
                    spelled_wide("  return " + value + ";\n", t, w));
}

std::string extremum(bool least, value_type t, const writer& w) {
  const std::string order = least ? "a < b ? a : (b < a ? b : " : "b < a ? a : (a < b ? b : ";
  const std::string tie = least ? "(as_$I(a) < ($I)(0) ? a : b)" : "(as_$I(a) < ($I)(0) ? b : a)";
  return two("a != a ? b : (b != b ? a : (" + order + tie + ")))", t, w);
}

std::string shift(bool left, value_type t, const writer& w) {
  const std::string count = "(as_$B(b) & ($B)(" + std::to_string(bits_of(t) - 1) + "))";
  return two(
      left ? "as_$V(as_$B(a) << " + count + ")" : "a >> " + (is_signed(t) ? "as_$I(" + count + ")" : count),
      t, w);
}

// As `saturation` in helpers.cpp; lanes of one width only.
std::string saturated(value_type from, value_type to, const writer& w) {
  const dialect_spec& d = w.d;
  const bool narrow = bits_of(to) == 32;
  const std::string suffix = from == value_type::f32 ? "f" : "";
  std::string least = "0", most, power = narrow ? "0x1p+32" : "0x1p+64";
  if (is_signed(to)) {
    power = narrow ? "0x1p+31" : "0x1p+63";
    least = narrow ? "-2147483647 - 1" : std::string("-9223372036854775807") + d.i64_suffix + " - 1";
    most = narrow ? "2147483647" : std::string("9223372036854775807") + d.i64_suffix;
  } else {
    most = narrow ? "4294967295u" : std::string("18446744073709551615") + d.u64_suffix;
  }
  const std::string r = w.wide(to), f = "(" + w.wide(from) + ")";
  const std::string low = is_signed(to) ? "a <= " + f + "(-" + power + suffix + ")" : "a <= " + f + "(0)";
  return w.function(r, "const " + w.wide(from) + " a",
                    "  return a != a ? (" + r + ")(0) : (" + low + " ? (" + r + ")(" + least +
                        ") : (a >= " + f + "(" + power + suffix + ") ? (" + r + ")(" + most + ") : convert_" +
                        r + "(a)));\n");
}

std::string conversion(std::string_view family, value_type from, value_type to, const writer& w) {
  if (family == "cast")
    return bits_of(from) == bits_of(to) ? saturated(from, to, w) : w.by_lane(w.wide(to), w.wide(from), false);
  const bool wide = bits_of(from) == 64;
  const std::string nan = wide ? std::string("0x7ff8000000000000") + w.d.i64_suffix : "0x7fc00000";
  return w.function(
      w.wide(to), "const " + w.wide(from) + " a",
      spelled_wide("  return as_" + w.wide(to) + "(a != a ? ($I)(" + nan + ") : as_$I(a));\n", from, w));
}

// vload and vstore are made of parts in some drivers, and stay parts. A packed structure says the same: any
// address will do.
std::string access(bool load, type stored, const writer& w) {
  const std::string vector = w.wide(stored), global = w.d.global;
  const std::string pointer =
      (load ? "const " : "") + std::string(w.d.stored[static_cast<std::uint8_t>(stored)]) + "* a";
  const std::string pack = "  struct __attribute__((packed, may_alias)) pack { " + vector + " v; };\n";
  if (load)
    return w.function(vector, global + pointer,
                      pack + "  return ((" + global + "const struct pack*)a)->v;\n");
  return w.function("void", global + pointer + ", const " + vector + " v",
                    pack + "  ((" + global + "struct pack*)a)->v = v;\n");
}

// Statements that compile where a CPU's driver has the words and somebody said how much its caches hold.
std::string where_streams(const std::string& statements) {
  return "#if defined(BUSFARE_STREAM_FROM) && defined(__has_builtin)\n"
         "#if __has_builtin(__builtin_nontemporal_store) && __has_builtin(__builtin_ia32_sfence)\n" +
         statements + "#endif\n#endif\n";
}

std::string streaming(type stored, const writer& w) {
  const std::string vector = w.wide(stored), global = w.d.global;
  return w.function(
      "void", global + w.d.stored[static_cast<std::uint8_t>(stored)] + "* a, const " + vector + " v",
      where_streams("  if ((ulong)a % 64 == 0) {\n    __builtin_nontemporal_store(v, (" + global + vector +
                    "*)a);\n    return;\n  }\n") +
          "  " + wide_helper(std::string("bf_store_") + name_of(stored), w.lanes) + "(a, v);\n");
}

// Element by element; "near" from one place on.
std::string lookup(bool near, type stored, const writer& w) {
  const std::string r = w.wide(value_of(stored));
  const std::string i64 = w.d.values[static_cast<std::uint8_t>(value_type::i64)];
  const std::string each = w.each(r, [&](unsigned k) {
    const std::string u64 = w.d.values[static_cast<std::uint8_t>(value_type::u64)];
    const std::string place =
        near ? "(" + i64 + ")((" + u64 + ")at + " + std::to_string(k) + ")" : w.lane("at", k);
    return loaded_text(stored, "a[bf_index(" + place + ", n)]");
  });
  return w.function(r,
                    std::string(w.d.global) + "const " + w.d.stored[static_cast<std::uint8_t>(stored)] + "*" +
                        w.d.restrict_pointer + " a, const " + (near ? i64 : w.wide(value_type::i64)) +
                        " at, const " + i64 + " n",
                    "  if (n <= 0) return (" + r + ")(0);\n  return " + each + ";\n");
}

std::string defined(op o, value_type t, const writer& w) {
  const dialect_spec& d = w.d;
  const program& p = definition_of(o, t);
  const body_names names{{"x", "y"}, {"", ""}, {"", ""}, {}};
  const lane_plan plan = plan_lanes(p, -1);
  const wide_speller wide(p, d, names, plan, w.lanes);
  const std::string takes =
      "const " + w.wide(t) +
      (vocabulary[static_cast<int>(o)].arity == 2 ? " x, const " + w.wide(t) + " y" : " x");
  return w.function(w.wide(t), takes,
                    body_text(p, d, names, 2, &wide) + "  return " + wide.value(p.results[0]) + ";\n");
}

}  // namespace

std::string far_definition(std::string_view name, const dialect_spec& d) {
  const std::string global = d.global;
  if (name == "bf_large")
    return "int bf_large(const ulong bytes) {\n" + where_streams("  return bytes >= BUSFARE_STREAM_FROM;\n") +
           "  return 0;\n}\n";
  if (name == "bf_ahead")  // 2 KiB, and no further than memory may be: no pointer arithmetic
    return "void bf_ahead(" + global + "const void* a) {\n" +
           where_streams("  __builtin_prefetch((" + global + "const void*)((ulong)a + 2048), 0, 3);\n") +
           "}\n";
  // Such stores are ordered by nothing else.
  return name == "bf_streamed"
             ? "void bf_streamed(void) {\n" + where_streams("  __builtin_ia32_sfence();\n") + "}\n"
             : std::string();
}

std::string wide_definition(std::string_view name, const dialect_spec& d) {
  const std::size_t x = name.rfind('x');
  if (x == std::string_view::npos || x + 1 == name.size() ||
      !std::isdigit(static_cast<unsigned char>(name[x - 1])))
    return {};
  unsigned lanes = 0;
  for (const char c : name.substr(x + 1)) {
    if (!std::isdigit(static_cast<unsigned char>(c)) || lanes > 16) return {};
    lanes = lanes * 10 + static_cast<unsigned>(c - '0');
  }
  const writer w{std::string(name), std::string(name.substr(0, x)), lanes, d};
  const std::string_view scalar = w.scalar;
  if (scalar == "bf_f32_of_f16") return w.by_lane(w.wide(value_type::f32), w.wide(type::f16), false);
  if (scalar == "bf_f16_of_f32") return w.by_lane(w.wide(type::f16), w.wide(value_type::f32), false);
  const std::size_t to_at = scalar.find("_to_"), type_at = scalar.rfind('_');
  if (to_at != std::string_view::npos) {
    const std::size_t from_at = scalar.rfind('_', to_at - 1);
    const auto from = value_named(scalar.substr(from_at + 1, to_at - from_at - 1));
    const auto to = value_named(scalar.substr(to_at + 4));
    if (!from || !to || !is_real(*from)) return {};
    return conversion(scalar.substr(3, from_at - 3), *from, *to, w);
  }
  const std::string_view family = scalar.substr(3, type_at - 3);
  if (family == "near" || family == "far") {
    const auto stored = stored_named(scalar.substr(type_at + 1));
    return stored ? lookup(family == "near", *stored, w) : std::string();
  }
  if (family == "stream") {
    const auto stored = stored_named(scalar.substr(type_at + 1));
    return stored ? streaming(*stored, w) : std::string();
  }
  if (family == "load" || family == "store") {
    const auto stored = stored_named(scalar.substr(type_at + 1));
    return stored ? access(family == "load", *stored, w) : std::string();
  }
  const auto t = value_named(scalar.substr(type_at + 1));
  if (!t) return {};
  if (family == "div" || family == "mod") return w.by_lane(w.wide(*t), w.wide(*t), true);
  if (family == "shl" || family == "shr") return shift(family == "shl", *t, w);
  if (family == "min" || family == "max") return extremum(family == "min", *t, w);
  if (family == "abs")
    return w.function(w.wide(*t), "const " + w.wide(*t) + " a",
                      is_signed(*t)
                          ? spelled_wide("  return a < ($V)(0) ? as_$V(($B)(0) - as_$B(a)) : a;\n", *t, w)
                          : std::string("  return a;\n"));
  for (int o = 0; o < vocabulary_size; ++o)
    if (is_defined(static_cast<op>(o)) && family == vocabulary[o].name)
      return defined(static_cast<op>(o), *t, w);
  return {};
}

}  // namespace busfare::core
