// Writes JSON: escaping, shortest numbers that read back the same, indentation.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace busfare::core {

/// Builds one JSON text, depth first. Strings may hold any bytes; what is not UTF-8 becomes U+FFFD. Numbers
/// are the shortest that read back as the same double; NaN and infinities become null. A call out of order
/// (a value without a key in an object, a second top-level value, an unmatched end) throws internal.
class json_writer {
 public:
  /// Spaces per level; 0: everything on one line without spaces.
  explicit json_writer(int indent = 2) : indent_(indent) {}

  json_writer& begin_object();
  json_writer& end_object();
  json_writer& begin_array();
  json_writer& end_array();
  json_writer& key(std::string_view name);

  json_writer& value(std::string_view text);
  json_writer& value(const char* text) { return value(std::string_view(text)); }
  json_writer& value(const std::string& text) { return value(std::string_view(text)); }
  json_writer& value(double number);
  json_writer& value(bool truth);
  json_writer& null();
  template <std::integral Integer> json_writer& value(Integer number) {
    if constexpr (std::signed_integral<Integer>)
      return raw_signed(static_cast<std::int64_t>(number));
    else
      return raw_unsigned(static_cast<std::uint64_t>(number));
  }

  /// `key(name)` and `value(v)` in one.
  template <class Value> json_writer& member(std::string_view name, const Value& v) {
    key(name);
    return value(v);
  }

  /// The text so far; complete when every object and array was ended. Ends with a newline when indented.
  [[nodiscard]] std::string text() const;

  /// The quoted and escaped form of one string.
  static std::string quoted(std::string_view text);

 private:
  struct level {
    bool is_object;
    std::size_t members = 0;
  };
  void before_value();
  void new_line();
  json_writer& begin(char open, bool is_object);
  json_writer& end(char close, bool is_object);
  json_writer& raw(std::string_view text);
  json_writer& raw_signed(std::int64_t number);
  json_writer& raw_unsigned(std::uint64_t number);

  int indent_;
  std::string out_;
  std::vector<level> levels_;
  bool has_key_ = false, complete_ = false;
};

}  // namespace busfare::core
