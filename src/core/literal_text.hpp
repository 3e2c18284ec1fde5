// A literal's value in words: exact, and the same from every compiler.
#pragma once

#include <cstdint>
#include <string>

#include <busfare/program.hpp>

namespace busfare::core {

/// "f32", ..., "mask". Never null.
const char* name_of(value_type t) noexcept;

/// A finite float as a C hexadecimal literal without suffix; empty for infinities and NaN.
std::string hex_float(value_type t, std::uint64_t bits);

/// The value of a mask or integer literal in decimal.
std::string decimal(value_type t, std::uint64_t bits);

}  // namespace busfare::core
