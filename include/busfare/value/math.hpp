// The mathematical functions of kernels. Hard values (NaN, infinities, zeros, denormals) are those of C.
#pragma once

#include <type_traits>

#include <busfare/value/definitions/error_function.hpp>
#include <busfare/value/definitions/exponential.hpp>
#include <busfare/value/definitions/inverse_trigonometric.hpp>
#include <busfare/value/definitions/logarithm.hpp>
#include <busfare/value/definitions/power.hpp>
#include <busfare/value/definitions/trigonometric.hpp>
#include <busfare/value/functions.hpp>

BUSFARE_FLATTEN_BEGIN
namespace busfare {

// Floats stay as they are; integers convert to f64.
#define BUSFARE_MATH_FUNCTION(name)                                                                       \
  template <detail::kernel_value A> auto name(const A& a) {                                               \
    using T = std::conditional_t<std::is_integral_v<detail::element_t<A>>, double, detail::element_t<A>>; \
    using R = detail::reading_t<A>;                                                                       \
    const auto x = detail::to<T, R>(a);                                                                   \
    if constexpr (std::is_same_v<R, symbol_reading>)                                                      \
      return detail::operations<R>::name(x);                                                              \
    else                                                                                                  \
      return detail::name##_definition(x);                                                                \
  }
/// 2 to the x. At most 1 ULP; exact for integers.
BUSFARE_MATH_FUNCTION(exp2)
/// exp(x) - 1.
BUSFARE_MATH_FUNCTION(expm1)
/// Logarithm to base 2; exact for powers of two. log2(0) = -inf, NaN below zero.
BUSFARE_MATH_FUNCTION(log2)
/// Logarithm to base 10; log10(0) = -inf, NaN below zero.
BUSFARE_MATH_FUNCTION(log10)
/// log(1 + x); -inf at -1, NaN below.
BUSFARE_MATH_FUNCTION(log1p)
/// Cube root, also of negative numbers.
BUSFARE_MATH_FUNCTION(cbrt)
/// Sine of x in radians, to the bound for every x; NaN for infinities.
BUSFARE_MATH_FUNCTION(sin)
/// Cosine of x in radians, to the bound for every x; NaN for infinities.
BUSFARE_MATH_FUNCTION(cos)
/// Tangent of x in radians, to the bound for every x; NaN for infinities.
BUSFARE_MATH_FUNCTION(tan)
/// In [-pi/2, pi/2]; NaN beyond 1.
BUSFARE_MATH_FUNCTION(asin)
/// In [0, pi]; NaN beyond 1.
BUSFARE_MATH_FUNCTION(acos)
/// In [-pi/2, pi/2].
BUSFARE_MATH_FUNCTION(atan)
BUSFARE_MATH_FUNCTION(sinh)
BUSFARE_MATH_FUNCTION(cosh)
BUSFARE_MATH_FUNCTION(tanh)
/// The error function.
BUSFARE_MATH_FUNCTION(erf)
/// 1 - erf(x), accurate where that is small.
BUSFARE_MATH_FUNCTION(erfc)
#undef BUSFARE_MATH_FUNCTION

// Usual arithmetic conversions; two integers convert to f64.
#define BUSFARE_MATH_FUNCTION_OF_TWO(name)                          \
  template <class A, class B>                                       \
  requires detail::operands<A, B>                                   \
  auto name(const A& a, const B& b) {                               \
    using C = detail::result_element<A, B>;                         \
    using T = std::conditional_t<std::is_integral_v<C>, double, C>; \
    using R = detail::result_reading<A, B>;                         \
    const auto x = detail::to<T, R>(a), y = detail::to<T, R>(b);    \
    if constexpr (std::is_same_v<R, symbol_reading>)                \
      return detail::operations<R>::name(x, y);                     \
    else                                                            \
      return detail::name##_definition(x, y);                       \
  }
/// sqrt(a^2 + b^2) without overflow on the way.
BUSFARE_MATH_FUNCTION_OF_TWO(hypot)
/// The angle of the point (b, a), in [-pi, pi].
BUSFARE_MATH_FUNCTION_OF_TWO(atan2)
/// a to the b. Below zero, a needs an integer b; pow(a, 0) and pow(1, b) are 1 also for NaN.
BUSFARE_MATH_FUNCTION_OF_TWO(pow)
#undef BUSFARE_MATH_FUNCTION_OF_TWO

namespace detail {

// A float stays as it is, an integer becomes f64.
template <class A> auto real(const A& a) {
  using T = std::conditional_t<std::is_integral_v<element_t<A>>, double, element_t<A>>;
  return to<T, reading_t<A>>(a);
}

}  // namespace detail

// The rest are expressions over rows.

/// Rounds up.
template <detail::kernel_value A> auto ceil(const A& a) { return -floor(-detail::real(a)); }

/// Rounds towards zero.
template <detail::kernel_value A> auto trunc(const A& a) {
  const auto x = detail::real(a);
  return detail::with_sign(floor(abs(x)), detail::sign_bit(x));
}

/// Rounds to the nearest integer, halves away from zero.
template <detail::kernel_value A> auto round(const A& a) {
  const auto x = detail::real(a);
  using T = detail::element_t<decltype(x)>;
  const auto magnitude = abs(x), below = floor(magnitude);
  return detail::with_sign(select(magnitude - below >= T(0.5), below + T(1), below), detail::sign_bit(x));
}

/// 1 / sqrt(a), at most 2 ULP; rsqrt(0) = inf, rsqrt(-0) = -inf.
template <detail::kernel_value A> auto rsqrt(const A& a) {
  const auto x = detail::real(a);
  using T = detail::element_t<decltype(x)>;
  return T(1) / sqrt(x);
}

/// -1, 0 or 1 of the same type. A zero keeps its sign, a NaN stays one.
template <detail::kernel_value A> auto sign(const A& a) {
  using T = detail::element_t<A>;
  using R = detail::reading_t<A>;
  const auto x = detail::to<T, R>(a);
  return select(T(0) < x, T(1), select(x < T(0), static_cast<T>(-1), x));
}

/// a within [low, high]; what std::clamp gives: a NaN stays one, and equal zeros stay as they are.
template <detail::operand A, detail::operand B, detail::operand C>
requires(detail::kernel_value<A> || detail::kernel_value<B> ||
         detail::kernel_value<C>) auto clamp(const A& a, const B& low, const C& high) {
  using T = common_t<detail::result_element<A, B>, detail::element_t<C>>;
  using R = detail::join_t<detail::result_reading<A, B>, detail::reading_t<C>>;
  const auto x = detail::to<T, R>(a), l = detail::to<T, R>(low), h = detail::to<T, R>(high);
  return select(x < l, l, select(h < x, h, x));
}

}  // namespace busfare
BUSFARE_FLATTEN_END
