// A strict reader of untrusted JSON: limited in size and depth, no duplicate keys, no unknown keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace busfare::core {

/// What untrusted JSON may be at most.
struct json_limits {
  std::size_t bytes = std::size_t{1} << 20;
  int depth = 32;
  std::size_t members = 4096;  ///< of one object: looking for duplicates is quadratic
};

/// One parsed value. Objects keep their order.
class json_value {
 public:
  enum class kind : std::uint8_t { null, boolean, integer, unsigned_integer, real, text, array, object };

  kind what = kind::null;
  bool truth = false;
  std::int64_t integer = 0;            ///< kind::integer: whole numbers below 0
  std::uint64_t unsigned_integer = 0;  ///< kind::unsigned_integer: whole numbers from 0
  double real = 0;
  std::string text;
  std::vector<json_value> items;  ///< of an array; of an object: the members' values
  std::vector<std::string> keys;  ///< of an object: one per item

  /// The member of an object; null where there is none.
  [[nodiscard]] const json_value* find(std::string_view name) const noexcept;
};

/// Parses one JSON text. Throws corrupt, naming the place, for: too many bytes, too deep nesting, duplicate
/// keys, invalid UTF-8, numbers out of a double's range, anything after the value, any syntax error.
json_value parse_json(std::string_view text, const json_limits& limits = {});

/// Reads an object member by member; everything throws corrupt with the path of what is wrong. Call `finish`
/// last: it rejects members that nobody read.
class json_reader {
 public:
  /// `path` is how messages call this value, e.g. "links[2]". The value outlives the reader.
  json_reader(const json_value& value, std::string path);

  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// Any member; throws where it is missing.
  const json_value& required(std::string_view name);
  /// A finite number in [least, most]; whole numbers count.
  double number(std::string_view name, double least, double most);
  /// A whole number in [least, most]; 1.0 and 1e3 are not whole numbers.
  std::uint64_t whole(std::string_view name, std::uint64_t least, std::uint64_t most);
  bool boolean(std::string_view name);
  /// At most `most` bytes.
  std::string text(std::string_view name, std::size_t most = 4096);
  /// At most `most` items.
  const std::vector<json_value>& array(std::string_view name, std::size_t most = 4096);
  json_reader object(std::string_view name);
  void finish() const;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// "path.name: what", thrown as corrupt.
  [[noreturn]] void fail(std::string_view name, std::string_view what) const;

 private:
  const json_value* value_;
  std::string path_;
  std::vector<bool> used_;
};

}  // namespace busfare::core
