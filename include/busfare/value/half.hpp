// f16: how it loads, how it is stored and how values round to it, by operations that every reading has.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <busfare/value/functions.hpp>

namespace busfare::detail {
inline namespace BUSFARE_TU {
BUSFARE_FLATTEN_BEGIN

// By integers: hardware that converts (F16C) is not in every instruction set, and no operation may depend on
// it. NaNs keep their payload.
template <class R> value<float, R> half_loaded(const value<std::int32_t, R>& bits) {
  using O = operations<R>;
  const auto size = bits & 0x7fff, sign = (bits & 0x8000) << 16;
  // f32's exponents begin 112 before those of f16; that of infinities and NaNs is as far from its end.
  const auto normal = (size << 13) + select(size < 0x7c00, 0x38000000, 0x70000000);
  const auto tiny = O::template bit_cast<std::int32_t>(cast<float>(size) * 0x1p-24f);
  return O::template bit_cast<float>(select(size < 0x400, tiny, normal) | sign);
}

// Rounds to nearest, ties to even; every NaN becomes 0x7e00. The result is below 2^16.
template <class R> value<std::int32_t, R> half_bits(const value<float, R>& x) {
  using O = operations<R>;
  const auto bits = O::template bit_cast<std::int32_t>(x);
  const auto size = bits & 0x7fffffff;
  // Added to 1/2, what is below 2^-14 is rounded to a multiple of 2^-24, which lies in the low bits.
  const auto tiny = O::template bit_cast<std::int32_t>(O::template bit_cast<float>(size) + 0.5f) - 0x3f000000;
  // A carry out of the significand is right, also into infinity.
  const auto normal = (size - 0x37fff001 + ((size >> 13) & 1)) >> 13;
  const auto number = select(size < 0x38800000, tiny, select(size < 0x47800000, normal, 0x7c00));
  return select(0x7f800000 < size, 0x7e00, number | ((bits >> 16) & 0x8000));
}

// x rounded once to a value that f16 has, in x's own type: to nearest, ties to even. Beyond the largest it is
// infinity, or the largest where it saturates and x is finite. NaN stays.
template <bool Saturates, class S, class R> value<S, R> half_rounded(const value<S, R>& x) {
  static_assert(std::is_floating_point_v<S>);
  using O = operations<R>;
  using I = std::conditional_t<sizeof(S) == 4, std::int32_t, std::int64_t>;
  constexpr int digits = sizeof(S) == 4 ? 23 : 52;
  constexpr I sign = static_cast<I>(I{1} << (8 * sizeof(S) - 1));
  constexpr I exponent = (I{sizeof(S) == 4 ? 0xff : 0x7ff}) << digits;
  const auto size = O::abs(x);
  const auto known = select(S(65536) < size, S(65536), size);  // all that is larger rounds alike
  // The last digit of a number 2^(digits - 10) times as large as x's power of two is the last one of f16
  // there, but for what f16 has no normal numbers for, whose last digit is 2^-24. Both steps are as IEEE 754
  // has them.
  const auto grid = O::template bit_cast<S>(
      (O::template bit_cast<I>(select(known < S(0x1p-14), S(0x1p-14), known)) & exponent) +
      (I{digits - 10} << digits));
  const auto rounded = (known + grid) - grid;
  const auto infinity = O::broadcast(std::numeric_limits<S>::infinity());
  const auto beyond = [&] {
    if constexpr (Saturates)
      return select(size < infinity, S(65504), infinity);
    else
      return infinity;
  }();
  const auto r = select(S(65536) <= rounded, beyond, rounded);
  return O::template bit_cast<S>(O::template bit_cast<I>(r) | (O::template bit_cast<I>(x) & sign));
}

template <class T> compute_t<T> widened(const T& stored) {
  if constexpr (is_f16<T>) {
    std::uint16_t bits;
    std::memcpy(&bits, &stored, sizeof bits);
    return half_loaded(scalar<std::int32_t>{bits}).v;
  } else {
    return static_cast<compute_t<T>>(stored);
  }
}

BUSFARE_FLATTEN_END
}  // namespace BUSFARE_TU
}  // namespace busfare::detail
