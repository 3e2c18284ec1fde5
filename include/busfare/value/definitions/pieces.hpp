// What the definitions of functions share: signs as bits, nearest integers, values in two pieces, and the
// arguments of exponentials and logarithms.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include <busfare/value/definitions.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

template <class T> inline constexpr bool is_single = sizeof(T) == 4;
template <class T> inline constexpr int fraction_bits = is_single<T> ? 23 : 52;
template <class T> inline constexpr int exponent_bias = is_single<T> ? 127 : 1023;
template <class R, class T> auto bits(const value<T, R>& x) {
  return operations<R>::template bit_cast<bits_of_real<T>>(x);
}
/// Only the sign bit of x.
template <class R, class T> auto sign_bit(const value<T, R>& x) {
  return bits(x) & std::numeric_limits<bits_of_real<T>>::min();
}
/// y with its sign turned over where `sign` has the sign bit.
template <class R, class T>
value<T, R> with_sign(const value<T, R>& y, const value<bits_of_real<T>, R>& sign) {
  return operations<R>::template bit_cast<T>(bits(y) ^ sign);
}
template <class T, class R> value<T, R> constant(T c) { return to<T, R>(c); }

/// x * factor rounded to the nearest integer, as a float and as an integer; |n| < 2^(fraction_bits - 1).
template <class T, class R> struct nearest_integer {
  value<T, R> n;
  value<bits_of_real<T>, R> i;
};
template <class R, class T> nearest_integer<T, R> nearest(const value<T, R>& x, T factor) {
  const value<T, R> shifted = operations<R>::fma(x, constant<T, R>(factor), constant<T, R>(integer_shift<T>));
  return {shifted - integer_shift<T>, bits(shifted) - integer_shift_bits<T>};
}
/// hi + lo, not evaluated.
template <class T, class R> struct two_pieces { value<T, R> hi, lo; };
/// a + b exactly, for |a| >= |b| or a == 0.
template <class T, class R> two_pieces<T, R> fast_sum(const value<T, R>& a, const value<T, R>& b) {
  const value<T, R> s = a + b;
  return {s, b - (s - a)};
}
/// a * b exactly.
template <class T, class R> two_pieces<T, R> product(const value<T, R>& a, const value<T, R>& b) {
  const value<T, R> p = a * b;
  return {p, operations<R>::fma(a, b, -p)};
}

/// x = i ln 2 + hi + lo. The first fma is exact: its result is a multiple of what is lost beyond it.
template <class T, class R> struct exp_argument {
  value<bits_of_real<T>, R> i;
  value<T, R> hi, lo;
};
template <class T, class R> exp_argument<T, R> exp_reduced(const value<T, R>& x) {
  using O = operations<R>;
  const auto [n, i] = nearest(x, T(0x1.71547652b82fep+0));
  const value<T, R> minus = constant<T, R>(is_single<T> ? T(0x1.05c610p-29) : T(-0x1.abc9e3b39803fp-56));
  const value<T, R> r =
      O::fma(n, constant<T, R>(is_single<T> ? T(-0x1.62e430p-1) : T(-0x1.62e42fefa39efp-1)), x);
  const value<T, R> hi = O::fma(n, minus, r);
  return {i, hi, O::fma(n, minus, r - hi)};
}

/// exp(hi + lo) - 1 - hi for |hi| < 0.35.
template <class T, class R> value<T, R> exp_beyond(const value<T, R>& hi, const value<T, R>& lo) {
  return operations<R>::fma(hi * hi, exp_tail(hi), lo);
}
/// 2^(i + up) exp(hi + lo).
template <class T, class R> value<T, R> exp_of(const exp_argument<T, R>& a, int up = 0) {
  const value<T, R> y = (exp_beyond(a.hi, a.lo) + a.hi) + T(1);
  return scale(y, a.i + bits_of_real<T>(up));
}

/// log(1 + f) = f - (half_square - rest), for 1 + f in [sqrt(1/2), sqrt(2)); with s = f/(2 + f) the rest is
/// s (half_square + R(s^2)). f32: R fitted with Sollya's fpminimax. f64: that of fdlibm's e_log.
template <class T, class R> struct log_series { value<T, R> half_square, rest; };
template <class T, class R> log_series<T, R> log_of_one_plus(const value<T, R>& f) {
  const value<T, R> s = f / (f + T(2));
  const value<T, R> z = s * s;
  const value<T, R> h = f * f * T(0.5);
  value<T, R> p;
  if constexpr (is_single<T>)
    p = polynomial(z, 0x1.ce5c5ap-3f, 0x1.24c216p-2f, 0x1.99986cp-2f, 0x1.555556p-1f);
  else
    p = polynomial(z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                   2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                   6.666666666666735130e-01);
  return {h, s * operations<R>::fma(z, p, h)};
}

/// A logarithm of x with the results that x = +inf, 0, below 0 and NaN have.
template <class T, class R> value<T, R> log_hard_values(const value<T, R>& x, const value<T, R>& y) {
  using O = operations<R>;
  const T infinity = std::numeric_limits<T>::infinity();
  value<T, R> r = O::select(O::eq(x, constant<T, R>(infinity)), x, y);
  r = O::select(O::eq(x, constant<T, R>(T(0))), constant<T, R>(-infinity), r);
  return O::select(O::le(constant<T, R>(T(0)), x), r, constant<T, R>(quiet_nan<T>()));
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
