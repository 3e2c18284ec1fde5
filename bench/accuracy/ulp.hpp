// The judge of a rounded result: its distance from the exact one in units in the last place.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace busfare::accuracy {

/// |got - exact| in units in the last place of T at `exact`, whose type holds more digits than T.
/// 0 for agreeing NaNs and infinities. An infinity that came from overflow counts as the power of two after
/// the largest number, so that overflowing a little early costs little, and giving the largest number for
/// what is far beyond costs much. Below the smallest normal number the unit is the smallest subnormal one.
/// Infinity where a NaN, or the sign of a zero, is not where it should be; `zero_signs` false: a zero is a
/// zero, as math::fast has it.
template <class T, class Exact> double ulps(T got, Exact exact, bool zero_signs = true) {
  using limits = std::numeric_limits<T>;
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (exact != exact) return got != got ? 0 : wrong;
  if (got != got) return wrong;
  const T rounded = static_cast<T>(exact);
  if (got == rounded) {
    if (std::isinf(rounded)) return 0;
    if (zero_signs && got == 0 && std::signbit(got) != std::signbit(rounded)) return wrong;
  }
  // An exact infinity is no overflow: nothing finite is near it.
  if (exact - exact != 0 && !std::isinf(got)) return wrong;
  int exponent = limits::min_exponent;
  const T magnitude = std::min(std::fabs(rounded), limits::max());
  if (magnitude >= limits::min()) std::frexp(magnitude, &exponent);
  const double ulp = std::ldexp(1.0, exponent - limits::digits);
  Exact shown = static_cast<Exact>(got);
  if (std::isinf(got)) {
    const Exact after = static_cast<Exact>(limits::max()) +
                        static_cast<Exact>(std::ldexp(1.0, limits::max_exponent - limits::digits));
    shown = got > 0 ? after : -after;
  }
  const Exact difference = shown > exact ? shown - exact : exact - shown;
  return static_cast<double>(difference / static_cast<Exact>(ulp));
}

}  // namespace busfare::accuracy
