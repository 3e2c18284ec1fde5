// asin, acos, atan and atan2. Polynomials fitted with Sollya's fpminimax.
#pragma once

#include <busfare/value/definitions/pieces.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

/// pi/2 in two pieces.
template <class T>
inline constexpr T quarter_turn = is_single<T> ? T(0x1.921fb6p+0) : T(0x1.921fb54442d18p+0);
template <class T>
inline constexpr T quarter_turn_rest = is_single<T> ? T(-0x1.777a5cp-25) : T(0x1.1a62633145c07p-54);

/// asin(s) = s + s * series for s^2 = z <= 1/4. Above 1/2, z is (1 - |x|)/2: asin(x) = pi/2 - 2 asin(sqrt z).
template <class T, class R> struct arc {
  typename std::remove_cvref_t<decltype(operations<R>::lt(std::declval<value<T, R>>(),
                                                          std::declval<value<T, R>>()))>
      large;
  value<T, R> s, rest;
};
template <class T, class R> arc<T, R> arc_of(const value<T, R>& magnitude) {
  using O = operations<R>;
  const auto large = O::lt(constant<T, R>(T(0.5)), magnitude);
  const value<T, R> z = O::select(large, (T(1) - magnitude) * T(0.5), magnitude * magnitude);
  const value<T, R> s = O::select(large, O::sqrt(z), magnitude);
  value<T, R> p;
  if constexpr (is_single<T>)
    p = polynomial(z, 0x1.1a258cp-5f, 0x1.10abf6p-6f, 0x1.ff9494p-6f, 0x1.6d4032p-5f, 0x1.3334c8p-4f,
                   0x1.555554p-3f);
  else
    p = polynomial(z, 0x1.cfa0dd2461279p-6, -0x1.6602748c15c5fp-7, 0x1.087182fa1fcbfp-6, 0x1.fd1151aa5fefap-8,
                   0x1.856073c250587p-7, 0x1.c86a22cd92bdbp-7, 0x1.1c5997c357d09p-6, 0x1.6e8b264d467fcp-6,
                   0x1.f1c71fbd29fbap-6, 0x1.6db6db67f6d9fp-5, 0x1.3333333337233p-4, 0x1.555555555554ep-3);
  return {large, s, s * z * p};
}

// Beyond 1 the square root is NaN.
template <class T, class R> value<T, R> asin_definition(const value<T, R>& x) {
  using O = operations<R>;
  const arc<T, R> a = arc_of(O::abs(x));
  const value<T, R> half = constant<T, R>(quarter_turn<T>) - (a.s + a.s);
  const value<T, R> far = half - ((a.rest + a.rest) - quarter_turn_rest<T>);
  return with_sign(O::select(a.large, far, a.s + a.rest), sign_bit(x));
}
template <class T, class R> value<T, R> acos_definition(const value<T, R>& x) {
  using O = operations<R>;
  const arc<T, R> a = arc_of(O::abs(x));
  const auto negative = O::lt(x, constant<T, R>(T(0)));
  const value<T, R> s = O::select(negative, -a.s, a.s), rest = O::select(negative, -a.rest, a.rest);
  const value<T, R> near = constant<T, R>(quarter_turn<T>) - (s + (rest - quarter_turn_rest<T>));
  const value<T, R> y = a.s + a.rest;
  const value<T, R> behind = constant<T, R>(quarter_turn<T>) - (a.s + (a.rest - quarter_turn_rest<T>));
  const value<T, R> far = O::select(negative, behind + behind, y + y);
  return O::select(a.large, far, near);
}

/// atan(over / under) in [0, pi/2], for over, under >= 0; 0/0 counts as 0, inf/inf as 1.
template <class T, class R> value<T, R> atan_of_ratio(const value<T, R>& over, const value<T, R>& under) {
  using O = operations<R>;
  const auto steep = O::lt(under, over);
  const value<T, R> small = O::select(steep, under, over), large = O::select(steep, over, under);
  const value<T, R> zero = constant<T, R>(T(0));
  value<T, R> q = small / large;
  q = O::select(O::eq(small, large), constant<T, R>(T(1)), q);
  q = O::select(O::eq(large, zero), zero, q);
  const value<T, R> z = q * q;
  value<T, R> p;
  if constexpr (is_single<T>)
    p = polynomial(z, -0x1.3b6c6ap-9f, 0x1.bd14p-7f, -0x1.26cceep-5f, 0x1.005ebp-4f, -0x1.62baf8p-4f,
                   0x1.c3f7fep-4f, -0x1.246ce4p-3f, 0x1.999832p-3f, -0x1.555554p-2f);
  else
    p = polynomial(z, 0x1.358850980a1a8p-16, -0x1.ab24d9e59e9f2p-13, 0x1.17739dcec4dc8p-10,
                   -0x1.d0062ad5981acp-9, 0x1.14e9dbe843105p-7, -0x1.005137f725888p-6, 0x1.86089793f5cacp-6,
                   -0x1.00e6eec3737f7p-5, 0x1.338e31e52db1bp-5, -0x1.5d3014086fad3p-5, 0x1.842dbe9a4d791p-5,
                   -0x1.aebfe7b3edca3p-5, 0x1.e1d0f96968ccdp-5, -0x1.11100ee083cdp-4, 0x1.3b139b6a88b51p-4,
                   -0x1.745d160a7e366p-4, 0x1.c71c71bc3951cp-4, -0x1.2492492478f88p-3, 0x1.99999999996c1p-3,
                   -0x1.5555555555555p-2);
  const value<T, R> rest = q * z * p;
  const value<T, R> turned_back = constant<T, R>(quarter_turn<T>) - (q + (rest - quarter_turn_rest<T>));
  return O::select(steep, turned_back, q + rest);
}

template <class T, class R> value<T, R> atan_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> y = atan_of_ratio(O::abs(x), constant<T, R>(T(1)));
  return O::select(O::eq(x, x), with_sign(y, sign_bit(x)), x);
}

// The sign of x counts where x is a zero.
template <class T, class R> value<T, R> atan2_definition(const value<T, R>& y, const value<T, R>& x) {
  using O = operations<R>;
  using I = bits_of_real<T>;
  const value<T, R> right = atan_of_ratio(O::abs(y), O::abs(x));
  const value<T, R> left = T(2) * quarter_turn<T> - (right - T(2) * quarter_turn_rest<T>);
  const value<T, R> r = O::select(O::lt(bits(x), constant<I, R>(I(0))), left, right);
  const auto numbers = O::land(O::eq(x, x), O::eq(y, y));
  return O::select(numbers, with_sign(r, sign_bit(y)), constant<T, R>(quiet_nan<T>()));
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
