// From a value type that is known at run time to its C++ type.
#pragma once

#include <cstdint>

#include <busfare/program.hpp>

namespace busfare::core {

/// Calls f with a value of the C++ type of `t` and returns what it returns; of a mask, what `{}` makes.
template <class F> auto with_number(value_type t, F f) -> decltype(f(float{})) {
  switch (t) {
    case value_type::f32:
      return f(float{});
    case value_type::f64:
      return f(double{});
    case value_type::i32:
      return f(std::int32_t{});
    case value_type::u32:
      return f(std::uint32_t{});
    case value_type::i64:
      return f(std::int64_t{});
    case value_type::u64:
      return f(std::uint64_t{});
    case value_type::mask:
      break;
  }
  return {};
}

}  // namespace busfare::core
