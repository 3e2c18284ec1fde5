// Text of literals: hexadecimal floats, decimal integers.
#include "core/literal_text.hpp"

#include <bit>
#include <charconv>
#include <cmath>

namespace busfare::core {

const char* name_of(value_type t) noexcept {
  constexpr const char* names[] = {"f32", "f64", "i32", "u32", "i64", "u64", "mask"};
  return names[static_cast<std::uint8_t>(t)];
}

std::string hex_float(value_type t, std::uint64_t bits) {
  // A float widens to double exactly, and the digits of a denormal come out normalised.
  const double x = t == value_type::f32
                       ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)))
                       : std::bit_cast<double>(bits);
  if (!std::isfinite(x)) return {};
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, std::fabs(x), std::chars_format::hex);
  return std::string(std::signbit(x) ? "-" : "") + "0x" + std::string(digits, end.ptr);
}

std::string decimal(value_type t, std::uint64_t bits) {
  switch (t) {
    case value_type::i32:
      return std::to_string(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits)));
    case value_type::i64:
      return std::to_string(static_cast<std::int64_t>(bits));
    default:
      return std::to_string(bits);
  }
}

}  // namespace busfare::core
