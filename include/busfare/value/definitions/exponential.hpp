// exp2, expm1, sinh, cosh and tanh.
#pragma once

#include <busfare/value/definitions/pieces.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

/// x within [low, high]; a NaN stays one, and so does what exponentials make of it.
template <class T, class R> value<T, R> between(const value<T, R>& x, T low, T high) {
  return smaller(constant<T, R>(high), larger(constant<T, R>(low), x));
}

// x - round(x) is exact; its product with ln 2 is kept in two pieces, so that integers give exact powers.
template <class T, class R> value<T, R> exp2_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> c = between(x, is_single<T> ? T(-151) : T(-1076), is_single<T> ? T(129) : T(1025));
  const auto [n, i] = nearest(c, T(1));
  const value<T, R> r = c - n;
  const two_pieces<T, R> p =
      product(r, constant<T, R>(is_single<T> ? T(0x1.62e430p-1) : T(0x1.62e42fefa39efp-1)));
  const value<T, R> lo =
      O::fma(r, constant<T, R>(is_single<T> ? T(-0x1.05c610p-29) : T(0x1.abc9e3b39803fp-56)), p.lo);
  return exp_of(exp_argument<T, R>{i, p.hi, lo});
}

// 2^i (exp(r) - 1) + 2^i - 1, computed halved so that 2^i never overflows.
template <class T, class R> value<T, R> expm1_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> c = between(x, is_single<T> ? T(-20) : T(-45), is_single<T> ? T(89) : T(710));
  const exp_argument<T, R> a = exp_reduced(c);
  const value<T, R> power =
      O::template bit_cast<T>((a.i + bits_of_real<T>(exponent_bias<T> - 1)) << fraction_bits<T>);
  const value<T, R> half = O::fma(power, a.hi, power - T(0.5)) + power * exp_beyond(a.hi, a.lo);
  // Below this the next term of the series cannot be seen.
  const auto tiny = O::lt(O::abs(x), constant<T, R>(std::numeric_limits<T>::epsilon() / 4));
  return O::select(tiny, x, half + half);
}

// exp(|x|) / 2, and from it exp(-|x|) / 2.
template <class T, class R> two_pieces<T, R> half_exponentials(const value<T, R>& magnitude) {
  const value<T, R> c = between(magnitude, T(0), is_single<T> ? T(90) : T(711));
  const value<T, R> up = exp_of(exp_reduced(c), -1);
  return {up, constant<T, R>(T(0.25)) / up};
}

// Below 1 a polynomial in x^2, fitted with Sollya's fpminimax.
template <class T, class R> value<T, R> sinh_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> magnitude = O::abs(x);
  const value<T, R> z = x * x;
  value<T, R> p;
  if constexpr (is_single<T>)
    p = polynomial(z, 0x1.720e84p-19f, 0x1.a036dap-13f, 0x1.1110c4p-7f, 0x1.555556p-3f);
  else
    p = polynomial(z, 0x1.b2502d89ea4cdp-41, 0x1.612265e4b979cp-33, 0x1.ae6452c7cecbep-26,
                   0x1.71de3a5f0db9dp-19, 0x1.a01a01a00b33ep-13, 0x1.111111111119ap-7, 0x1.5555555555555p-3);
  const two_pieces<T, R> e = half_exponentials(magnitude);
  const value<T, R> large = with_sign(e.hi - e.lo, sign_bit(x));
  return O::select(O::lt(magnitude, constant<T, R>(T(1))), O::fma(x * z, p, x), large);
}

template <class T, class R> value<T, R> cosh_definition(const value<T, R>& x) {
  const two_pieces<T, R> e = half_exponentials(operations<R>::abs(x));
  return e.hi + e.lo;
}

// t / (t + 2) with t = expm1(2 |x|); from the limit on it is 1.
template <class T, class R> value<T, R> tanh_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> c = between(O::abs(x), T(0), is_single<T> ? T(10) : T(22));
  const value<T, R> t = expm1_definition(c + c);
  return with_sign(t / (t + T(2)), sign_bit(x));
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
