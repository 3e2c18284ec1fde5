// cbrt, hypot and pow.
#pragma once

#include <tuple>

#include <busfare/value/definitions/pieces.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

// |x| = m 2^(3q + r), m in [1, 2): a polynomial for cbrt(m) (fitted with Sollya's fpminimax), times
// cbrt(2^r), then one step of Halley (f64) and one of Newton, whose remainder is computed with fma.
template <class T, class R> value<T, R> cbrt_definition(const value<T, R>& x) {
  using O = operations<R>;
  using I = bits_of_real<T>;
  using U = std::make_unsigned_t<I>;
  const value<T, R> magnitude = O::abs(x);
  const auto tiny = O::lt(magnitude, constant<T, R>(std::numeric_limits<T>::min()));
  const value<T, R> up = O::select(tiny, magnitude * (is_single<T> ? T(0x1p24) : T(0x1p54)), magnitude);
  const value<I, R> raw = bits(up);
  // The bias made a multiple of three; 21846 / 2^16 divides numbers below 2^15 by three. As floats, where all
  // of it is exact: packs multiply 64-bit integers in pieces.
  constexpr int more = is_single<T> ? 2 : 0;
  const value<I, R> exponent = O::template bit_cast<I>(O::template bit_cast<U>(up) >> fraction_bits<T>);
  const value<T, R> e =
      O::template bit_cast<T>(exponent + (integer_shift_bits<T> + I(more))) - integer_shift<T>;
  const value<T, R> third = O::floor(e * T(21846.0 / 65536));
  const value<T, R> r = e - third * T(3);
  const value<T, R> m = O::template bit_cast<T>((raw & ((I(1) << fraction_bits<T>)-1)) |
                                                (I(exponent_bias<T>) << fraction_bits<T>));
  const auto one = O::eq(r, constant<T, R>(T(1))), two = O::eq(r, constant<T, R>(T(2)));
  const value<T, R> w =
      m * O::select(two, constant<T, R>(T(4)), O::select(one, constant<T, R>(T(2)), constant<T, R>(T(1))));
  const value<T, R> factor =
      O::select(two, constant<T, R>(T(0x1.965fea53d6e3dp+0)),
                O::select(one, constant<T, R>(T(0x1.428a2f98d728bp+0)), constant<T, R>(T(1))));
  value<T, R> y =
      polynomial(m, T(0x1.7a8d5ep-6), T(-0x1.4dc31ep-3), T(0x1.2c9a46p-1), T(0x1.1b0ba8p-1)) * factor;
  if constexpr (!is_single<T>) {
    const value<T, R> cube = y * y * y;
    y = y - y * ((cube - w) / (cube + cube + w));
  }
  const two_pieces<T, R> square = product(y, y);
  const value<T, R> over = O::fma(square.hi, y, -w) + square.lo * y;
  y = y - over / (square.hi * T(3));
  constexpr I unbias = I(exponent_bias<T> - (exponent_bias<T> + more) / 3) - integer_shift_bits<T>;
  const value<I, R> q =
      bits(third + integer_shift<T>) +
      O::select(tiny, constant<I, R>(unbias - I(is_single<T> ? 8 : 18)), constant<I, R>(unbias));
  y = with_sign(y * O::template bit_cast<T>(q << fraction_bits<T>), sign_bit(x));
  const auto plain = O::land(O::lt(constant<T, R>(T(0)), magnitude),
                             O::lt(magnitude, constant<T, R>(std::numeric_limits<T>::infinity())));
  return O::select(plain, y, x);
}

/// The root of a^2 + b^2, a >= b or one of them NaN, scaled by a power of two, so that squares neither
/// overflow nor vanish.
template <class T, class R> value<T, R> scaled_hypot(const value<T, R>& a, const value<T, R>& b) {
  using O = operations<R>;
  constexpr T up = is_single<T> ? T(0x1p90) : T(0x1p600), down = 1 / up;
  const value<T, R> infinity = constant<T, R>(std::numeric_limits<T>::infinity());
  const auto big = O::lt(constant<T, R>(T(1)), a);
  const value<T, R> scale = O::select(big, constant<T, R>(down), constant<T, R>(up));
  const value<T, R> unscale = O::select(big, constant<T, R>(up), constant<T, R>(down));
  const value<T, R> sa = a * scale, sb = b * scale;
  const value<T, R> h = O::sqrt(O::fma(sa, sa, sb * sb)) * unscale;
  return O::select(O::lor(O::eq(a, infinity), O::eq(b, infinity)), infinity, h);
}

// Few need the scale: it is a loop of at most one trip, as the long way of angle_of is. A zero is none of
// them, since arrays may be full of zeros.
template <class T, class R> value<T, R> hypot_definition(const value<T, R>& x, const value<T, R>& y) {
  using O = operations<R>;
  const value<T, R> ax = O::abs(x), ay = O::abs(y);
  const value<T, R> a = larger(ay, ax), b = smaller(ax, ay);
  // As integers: NaN and infinity stand above all numbers, in one comparison.
  constexpr bits_of_real<T> most =
      is_single<T> ? bits_of_real<T>(0x5d800000) : bits_of_real<T>(0x5f30000000000000ll);
  const auto big = O::lt(constant<bits_of_real<T>, R>(most), bits(a));
  const auto small = O::land(O::lt(a, constant<T, R>(is_single<T> ? T(0x1p-50) : T(0x1p-450))),
                             O::lt(constant<T, R>(T(0)), a));
  const auto hard = O::lor(big, small);
  const auto [h, same_a, same_b] = iterate(
      1, std::tuple(O::sqrt(O::fma(a, a, b * b)), a, b),
      [&](const auto&, const auto&, const auto&) { return hard; },
      [](const auto&, const auto& p, const auto& q) { return std::tuple(scaled_hypot(p, q), p, q); });
  return h;
}

/// log(x) in two pieces, for finite x > 0, with a relative error near 2^-(2 fraction_bits - 40):
/// s = f/(2 + f), log(1 + f) = 2/3 s (3 + s^2 + s^4 L(s^2)), L fitted with Sollya's fpminimax.
template <class T, class R> two_pieces<T, R> log_in_two_pieces(const value<T, R>& x) {
  using O = operations<R>;
  const auto [n, f] = log_reduced(x);
  const two_pieces<T, R> d = fast_sum(constant<T, R>(T(2)), f);
  const value<T, R> s = f / d.hi;
  const value<T, R> s_rest = O::fma(-s, d.lo, O::fma(-s, d.hi, f)) / d.hi;
  const two_pieces<T, R> z = product(s, s);
  const value<T, R> z_rest = O::fma(s + s, s_rest, z.lo);
  value<T, R> l;
  if constexpr (is_single<T>)
    l = polynomial(z.hi, 0x1.61f05ep-2f, 0x1.b6b814p-2f, 0x1.33333ap-1f);
  else
    l = polynomial(z.hi, 0x1.6a7024002d65dp-3, 0x1.675c9cc4c1eb5p-3, 0x1.99a80957ba3dcp-3,
                   0x1.d89d5043098c4p-3, 0x1.1745d1b54823ap-2, 0x1.5555555507f27p-2, 0x1.b6db6db6db97p-2,
                   0x1.3333333333333p-1);
  const two_pieces<T, R> three = fast_sum(constant<T, R>(T(3)), z.hi);
  const two_pieces<T, R> u = fast_sum(three.hi, three.lo + O::fma(z.hi * z.hi, l, z_rest));
  const two_pieces<T, R> v = product(s, u.hi);
  const value<T, R> v_rest = O::fma(s, u.lo, O::fma(s_rest, u.hi, v.lo));
  constexpr T two_thirds = is_single<T> ? T(0x1.555556p-1) : T(0x1.5555555555555p-1);
  constexpr T two_thirds_rest = is_single<T> ? T(-0x1.555556p-26) : T(0x1.5555555555555p-55);
  const two_pieces<T, R> m = product(v.hi, constant<T, R>(two_thirds));
  const value<T, R> m_rest =
      O::fma(v.hi, constant<T, R>(two_thirds_rest), O::fma(v_rest, constant<T, R>(two_thirds), m.lo));
  const two_pieces<T, R> k =
      product(n, constant<T, R>(is_single<T> ? T(0x1.62e430p-1) : T(0x1.62e42fefa39efp-1)));
  const value<T, R> k_rest =
      O::fma(n, constant<T, R>(is_single<T> ? T(-0x1.05c610p-29) : T(0x1.abc9e3b39803fp-56)), k.lo);
  const two_pieces<T, R> sum = fast_sum(k.hi, m.hi);
  return fast_sum(sum.hi, sum.lo + (k_rest + m_rest));
}

// exp(y log |x|) with both in two pieces; hard values as C's pow has them.
template <class T, class R> value<T, R> pow_definition(const value<T, R>& x, const value<T, R>& y) {
  using O = operations<R>;
  using I = bits_of_real<T>;
  const T infinity = std::numeric_limits<T>::infinity();
  const value<T, R> zero = constant<T, R>(T(0)), one = constant<T, R>(T(1)), inf = constant<T, R>(infinity);
  const value<T, R> ax = O::abs(x), ay = O::abs(y);
  const two_pieces<T, R> l = log_in_two_pieces(ax);
  // Beyond these the result is 0 or infinite, whatever the rest.
  const value<T, R> limit = constant<T, R>(is_single<T> ? T(120) : T(800));
  const two_pieces<T, R> p = product(y, l.hi);
  const auto above = O::lt(limit, p.hi), below = O::lt(p.hi, -limit);
  const value<T, R> c = O::select(above, limit, O::select(below, -limit, p.hi));
  const value<T, R> rest = O::select(O::lor(above, below), zero, O::fma(y, l.lo, p.lo));
  const exp_argument<T, R> e = exp_reduced(c);
  const two_pieces<T, R> left = fast_sum(e.hi, e.lo + rest);
  value<T, R> r = exp_of(exp_argument<T, R>{e.i, left.hi, left.lo});

  const auto y_below = O::lt(y, zero);
  const auto base_is_end = O::lor(O::eq(ax, zero), O::eq(ax, inf));
  r = O::select(base_is_end, O::select(y_below, one / ax, ax), r);
  const value<T, R> to_infinity =
      O::select(O::lt(one, ax), O::select(y_below, zero, inf), O::select(y_below, inf, zero));
  r = O::select(O::eq(ay, inf), O::select(O::eq(ax, one), one, to_infinity), r);
  const value<T, R> half = y * T(0.5);
  const auto integer = O::eq(O::floor(y), y);
  const auto odd = O::land(integer, O::ne(O::floor(half), half));
  const value<I, R> no_sign = constant<I, R>(I(0));
  r = with_sign(r, O::select(odd, sign_bit(x), no_sign));
  const value<T, R> nan = constant<T, R>(quiet_nan<T>());
  r = O::select(O::land(O::land(O::lt(x, zero), O::ne(ax, inf)), O::lnot(integer)), nan, r);
  r = O::select(O::land(O::eq(x, x), O::eq(y, y)), r, nan);
  return O::select(O::lor(O::eq(y, zero), O::eq(x, one)), one, r);
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
