// The JSON writer: see json_writer.hpp.
#include "core/json_writer.hpp"

#include <charconv>
#include <cmath>

#include <busfare/error.hpp>

namespace busfare::core {

namespace {

[[noreturn]] void misuse(const char* what) {
  throw error(error_class::internal, std::string("json_writer: ") + what);
}

// Length of the well-formed UTF-8 sequence at the start of s; 0 where it is not one.
std::size_t utf8_length(std::string_view s) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned first = byte(0);
  std::size_t n = 0;
  unsigned low = 0x80, high = 0xBF;  // range of the second byte: no overlong forms, no surrogates
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) {
    n = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    n = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    n = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  }
  if (n == 0 || s.size() < n || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < n; ++i)
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  return n;
}

}  // namespace

std::string json_writer::quoted(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text[0];
    const std::size_t n = utf8_length(text);
    if (n == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += "\\u00";
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n);
  }
  return out += '"';
}

void json_writer::new_line() {
  if (indent_ <= 0) return;
  out_ += '\n';
  out_.append(levels_.size() * static_cast<std::size_t>(indent_), ' ');
}

void json_writer::before_value() {
  if (levels_.empty()) {
    if (complete_) misuse("a second top-level value");
    complete_ = true;
    return;
  }
  level& l = levels_.back();
  if (l.is_object) {
    if (!has_key_) misuse("a value without a key");
    has_key_ = false;
    return;
  }
  if (l.members++ > 0) out_ += ',';
  new_line();
}

json_writer& json_writer::key(std::string_view name) {
  if (levels_.empty() || !levels_.back().is_object || has_key_) misuse("a key out of place");
  if (levels_.back().members++ > 0) out_ += ',';
  new_line();
  out_ += quoted(name);
  out_ += indent_ > 0 ? ": " : ":";
  has_key_ = true;
  return *this;
}

json_writer& json_writer::begin(char open, bool is_object) {
  before_value();
  out_ += open;
  levels_.push_back({is_object, 0});
  return *this;
}

json_writer& json_writer::end(char close, bool is_object) {
  if (levels_.empty() || levels_.back().is_object != is_object || has_key_) misuse("an end out of place");
  const bool any = levels_.back().members > 0;
  levels_.pop_back();
  if (any) new_line();
  out_ += close;
  return *this;
}

json_writer& json_writer::begin_object() { return begin('{', true); }
json_writer& json_writer::end_object() { return end('}', true); }
json_writer& json_writer::begin_array() { return begin('[', false); }
json_writer& json_writer::end_array() { return end(']', false); }

json_writer& json_writer::raw(std::string_view text) {
  before_value();
  out_ += text;
  return *this;
}

json_writer& json_writer::raw_signed(std::int64_t number) { return raw(std::to_string(number)); }
json_writer& json_writer::raw_unsigned(std::uint64_t number) { return raw(std::to_string(number)); }
json_writer& json_writer::value(std::string_view text) { return raw(quoted(text)); }
json_writer& json_writer::value(bool truth) { return raw(truth ? "true" : "false"); }
json_writer& json_writer::null() { return raw("null"); }

json_writer& json_writer::value(double number) {
  if (!std::isfinite(number)) return null();
  if (number == 0 && std::signbit(number)) return raw("-0.0");  // "-0" reads back as the integer 0
  char buffer[32];
  const std::to_chars_result r = std::to_chars(buffer, buffer + sizeof buffer, number);
  return raw({buffer, static_cast<std::size_t>(r.ptr - buffer)});
}

std::string json_writer::text() const { return indent_ > 0 && levels_.empty() ? out_ + "\n" : out_; }

}  // namespace busfare::core
