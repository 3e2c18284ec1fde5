// The strict JSON reader: what it accepts reads back equal from what the writer makes of it.
#include <cmath>
#include <optional>

#include "core/json_writer.hpp"
#include "core/strict_json.hpp"
#include "fuzz.hpp"

namespace {

using namespace busfare;
using namespace busfare::core;
using kind = json_value::kind;

void write(json_writer& w, const json_value& v) {
  switch (v.what) {
    case kind::null:
      w.null();
      break;
    case kind::boolean:
      w.value(v.truth);
      break;
    case kind::integer:
      w.value(v.integer);
      break;
    case kind::unsigned_integer:
      w.value(v.unsigned_integer);
      break;
    case kind::real:
      w.value(v.real);
      break;
    case kind::text:
      w.value(v.text);
      break;
    case kind::array:
      w.begin_array();
      for (const json_value& item : v.items) write(w, item);
      w.end_array();
      break;
    case kind::object:
      w.begin_object();
      for (std::size_t i = 0; i < v.items.size(); ++i) {
        w.key(v.keys[i]);
        write(w, v.items[i]);
      }
      w.end_object();
      break;
  }
}

std::string written(const json_value& v, int indent) {
  json_writer w(indent);
  write(w, v);
  return w.text();
}

std::optional<double> number(const json_value& v) {
  if (v.what == kind::real) return v.real;
  if (v.what == kind::integer) return static_cast<double>(v.integer);
  if (v.what == kind::unsigned_integer) return static_cast<double>(v.unsigned_integer);
  return std::nullopt;
}

// 1e3 is written as 1000: a whole real may come back as an integer, with the same value.
bool equal(const json_value& a, const json_value& b) {
  if (const auto x = number(a), y = number(b); x && y) {
    if (a.what != kind::real && b.what != kind::real)
      return a.what == b.what && a.integer == b.integer && a.unsigned_integer == b.unsigned_integer;
    return *x == *y && std::signbit(*x) == std::signbit(*y);
  }
  if (a.what != b.what || a.truth != b.truth || a.text != b.text || a.keys != b.keys ||
      a.items.size() != b.items.size())
    return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!equal(a.items[i], b.items[i])) return false;
  return true;
}

std::optional<json_value> parsed(std::string_view text, const json_limits& limits = {}) {
  try {
    return parse_json(text, limits);
  } catch (const error& e) {
    fuzz::require_class(e, {error_class::corrupt});
    fuzz::require_printable(e);
    return std::nullopt;
  }
}

// Everything that a reader may ask for: an answer, or corrupt.
void read(const json_value& v) {
  if (v.what != kind::object) return;
  const auto try_it = [](auto ask) {
    try {
      ask();
    } catch (const error& e) {
      fuzz::require_class(e, {error_class::corrupt});
      fuzz::require_printable(e);
    }
  };
  json_reader r(v, "top");
  for (const std::string& name : v.keys) {
    fuzz::require(r.has(name), "a member is not found");
    try_it([&] {
      const double x = r.number(name, -1e9, 1e9);
      fuzz::require(x >= -1e9 && x <= 1e9, "a number outside of its range");
    });
    try_it([&] { fuzz::require(r.whole(name, 3, 300) - 3 <= 297, "a whole number outside of its range"); });
    try_it([&] { r.boolean(name); });
    try_it([&] { fuzz::require(r.text(name, 9).size() <= 9, "a text above its limit"); });
    try_it([&] { fuzz::require(r.array(name, 2).size() <= 2, "an array above its limit"); });
    try_it([&] { r.object(name).finish(); });
    try_it([&] { r.finish(); });
  }
  r.finish();  // all were read
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of({data, size});
  const std::optional<json_value> first = parsed(text);
  const std::optional<json_value> limited = parsed(text, {64, 3, 2});
  if (!first) {
    fuzz::require(!limited, "lower limits accept more");
    return 0;
  }
  fuzz::require(!limited || equal(*first, *limited), "limits change what is read");
  for (const int indent : {0, 2}) {
    const std::string once = written(*first, indent);
    const std::optional<json_value> again = parsed(once, {std::size_t{64} << 20, 33, 4096});
    fuzz::require(again.has_value(), "what was written cannot be read", once);
    fuzz::require(equal(*first, *again), "what was written reads as something else", once);
    fuzz::require(written(*again, indent) == once, "writing is not stable", once);
  }
  read(*first);
  return 0;
}
