// Functions written once from exact operations: the same bits in all readings and on all devices.
// Explicit fma: docs/decisions/0002-fma-in-definitions.md holds the measurement.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include <busfare/value/operators.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

template <class T> constexpr T quiet_nan() { return std::numeric_limits<T>::quiet_NaN(); }

template <class R, class T> auto ored_bits(const value<T, R>& a, const value<T, R>& b) {
  using I = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  using O = operations<R>;
  return O::template bit_cast<T>(O::bor(O::template bit_cast<I>(a), O::template bit_cast<I>(b)));
}
template <class R, class T> auto anded_bits(const value<T, R>& a, const value<T, R>& b) {
  using I = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  using O = operations<R>;
  return O::template bit_cast<T>(O::band(O::template bit_cast<I>(a), O::template bit_cast<I>(b)));
}

// Equal floats have equal bits but for zeros: or-ing finds the -0, and-ing the +0.
template <class T, class R> value<T, R> min_definition(const value<T, R>& a, const value<T, R>& b) {
  using O = operations<R>;
  const value<T, R> less = O::select(O::lt(a, b), a, b);
  if constexpr (std::is_integral_v<T>) {
    return less;
  } else {
    const value<T, R> numbers = O::select(O::eq(b, b), less, a);
    return O::select(O::eq(a, b), ored_bits(a, b), numbers);
  }
}
template <class T, class R> value<T, R> max_definition(const value<T, R>& a, const value<T, R>& b) {
  using O = operations<R>;
  const value<T, R> more = O::select(O::lt(b, a), a, b);
  if constexpr (std::is_integral_v<T>) {
    return more;
  } else {
    const value<T, R> numbers = O::select(O::eq(b, b), more, a);
    return O::select(O::eq(a, b), anded_bits(a, b), numbers);
  }
}

// a > b ? a : b and a < b ? a : b, of floats: b where one is a NaN or both are equal. Packs have instructions
// that do just this.
template <class T, class R> value<T, R> larger(const value<T, R>& a, const value<T, R>& b) {
  using O = operations<R>;
  if constexpr (requires { O::larger(a, b); })
    return O::larger(a, b);
  else
    return O::select(O::lt(b, a), a, b);
}
template <class T, class R> value<T, R> smaller(const value<T, R>& a, const value<T, R>& b) {
  using O = operations<R>;
  if constexpr (requires { O::smaller(a, b); })
    return O::smaller(a, b);
  else
    return O::select(O::lt(a, b), a, b);
}

// Horner's rule with one rounding per coefficient, highest power first.
template <class V, class T, class... Rest> V horner_step(const V& x, const V& sum, T c, Rest... rest) {
  const V next = operations<reading_t<V>>::fma(sum, x, to<T, reading_t<V>>(c));
  if constexpr (sizeof...(rest) == 0)
    return next;
  else
    return horner_step(x, next, rest...);
}
template <class V, class T, class... Rest> V polynomial(const V& x, T highest, Rest... rest) {
  return horner_step(x, to<T, reading_t<V>>(highest), rest...);
}

// y * 2^n in two exact steps, so that results may be denormal with one rounding; |n| <= 2 * (largest
// exponent).
template <class T, class R, class I> value<T, R> scale(const value<T, R>& y, const value<I, R>& n) {
  using O = operations<R>;
  constexpr int fraction = sizeof(T) == 4 ? 23 : 52;
  constexpr I bias = sizeof(T) == 4 ? 127 : 1023;
  // n + 2 bias is never negative: 64-bit packs have a logical shift, and AVX2 no arithmetic one.
  using U = std::make_unsigned_t<I>;
  const value<U, R> both = O::template bit_cast<U>(n + 2 * bias);
  const value<U, R> half = both >> 1;
  const value<T, R> a = O::template bit_cast<T>(half << fraction);
  const value<T, R> b = O::template bit_cast<T>((both - half) << fraction);
  return y * a * b;
}

template <class T> using bits_of_real = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
// 1.5 * 2^23 or 2^52: adding it rounds to an integer, which then sits in the low bits.
template <class T> inline constexpr T integer_shift = sizeof(T) == 4 ? T(0x1.8p23) : T(0x1.8p52);
template <class T>
inline constexpr bits_of_real<T> integer_shift_bits =
    static_cast<bits_of_real<T>>(sizeof(T) == 4 ? 0x4b400000ll : 0x4338000000000000ll);

// Of an integer below 2^22 (f32) or 2^51 (f64) in magnitude. Packs cast between f64 and i64 lane by lane;
// this does not.
template <class T, class R> value<bits_of_real<T>, R> small_integer_of(const value<T, R>& n) {
  return operations<R>::template bit_cast<bits_of_real<T>>(n + integer_shift<T>) - integer_shift_bits<T>;
}

// exp(r) = 1 + r + r^2 exp_tail(r) for |r| <= ln(2) / 2 and a little more.
// f32: coefficients of Cephes expf (Moshier). f64: the Taylor series to r^13, whose remainder is below 2^-57
// here.
template <class T, class R> value<T, R> exp_tail(const value<T, R>& r) {
  if constexpr (sizeof(T) == 4)
    return polynomial(r, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                      1.6666665459e-1f, 5.0000001201e-1f);
  else
    return polynomial(r, 1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
                      1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0,
                      1.0 / 6.0, 0.5);
}

// exp: n = round(x / ln 2), r = x - n ln 2 in two pieces, a polynomial in r, then 2^n.
template <class T, class R> value<T, R> exp_definition(const value<T, R>& x) {
  using O = operations<R>;
  constexpr bool single = sizeof(T) == 4;
  const value<T, R> low = to<T, R>(T(single ? -104.0 : -746.0));
  const value<T, R> high = to<T, R>(T(single ? 89.0 : 710.0));
  // A NaN stays one, whatever the scale makes of its exponent.
  const value<T, R> c = smaller(high, larger(low, x));
  const value<T, R> n = O::floor(O::fma(c, to<T, R>(T(1.44269504088896340736)), to<T, R>(T(0.5))));
  value<T, R> r;
  if constexpr (single) {
    r = O::fma(n, to<T, R>(-0.693359375f), c);
    r = O::fma(n, to<T, R>(2.12194440e-4f), r);
  } else {
    r = O::fma(n, to<T, R>(-6.93147180369123816490e-01), c);
    r = O::fma(n, to<T, R>(-1.90821492927058770002e-10), r);
  }
  const value<T, R> y = O::fma(exp_tail(r), r * r, r) + T(1);
  return scale(y, small_integer_of(n));
}

// x = 2^n (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for x > 0; n is an integer.
template <class T, class R> struct log_argument { value<T, R> n, f; };
template <class T, class R> log_argument<T, R> log_reduced(const value<T, R>& x) {
  using O = operations<R>;
  constexpr bool single = sizeof(T) == 4;
  using I = std::conditional_t<single, std::int32_t, std::int64_t>;
  constexpr int fraction = single ? 23 : 52;
  const value<T, R> smallest = to<T, R>(std::numeric_limits<T>::min());
  const auto tiny = O::lt(x, smallest);
  const value<T, R> up = O::select(tiny, x * T(single ? 8388608.0 : 4503599627370496.0), x);
  // Adding (bits of 1) - (bits of sqrt(1/2)) carries into the exponent exactly from sqrt(1/2) on.
  constexpr I one = single ? I(0x3f800000) : I(0x3ff0000000000000ll);
  constexpr I root = single ? I(0x3f3504f3) : I(0x3fe6a09e667f3bcdll);
  const value<I, R> bits = O::template bit_cast<I>(up) + (one - root);
  // The exponent as a float, by its place behind integer_shift. Its shift is a logical one, which 64-bit
  // packs have: what a negative x gives is never used.
  using U = std::make_unsigned_t<I>;
  constexpr I behind = integer_shift_bits<T> - I(single ? 127 : 1023);
  const value<I, R> exponent = O::template bit_cast<I>(O::template bit_cast<U>(bits) >> fraction);
  const value<I, R> k = exponent + O::select(tiny, to<I, R>(behind - I(fraction)), to<I, R>(behind));
  const value<I, R> mantissa = (bits & ((I(1) << fraction) - 1)) + root;
  return {O::template bit_cast<T>(k) - integer_shift<T>, O::template bit_cast<T>(mantissa) - T(1)};
}

// log: x = 2^n (1 + f).
// f32: polynomial of Cephes logf (Moshier). f64: fdlibm's e_log (Sun Microsystems): s = f/(2+f), series in
// s^2.
template <class T, class R> value<T, R> log_definition(const value<T, R>& x) {
  using O = operations<R>;
  constexpr bool single = sizeof(T) == 4;
  const auto [n, f] = log_reduced(x);
  value<T, R> y;
  if constexpr (single) {
    const value<T, R> z = f * f;
    const value<T, R> p = polynomial(f, 7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
                                     -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f,
                                     -2.4999993993e-1f, 3.3333331174e-1f);
    value<T, R> t = f * z * p;
    t = O::fma(n, to<T, R>(-2.12194440e-4f), t);
    t = O::fma(z, to<T, R>(-0.5f), t);
    y = O::fma(n, to<T, R>(0.693359375f), f + t);
  } else {
    const value<T, R> s = f / (f + T(2));
    const value<T, R> z = s * s;
    const value<T, R> p =
        z * polynomial(z, 1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01,
                       2.222219843214978396e-01, 2.857142874366239149e-01, 3.999999999940941908e-01,
                       6.666666666666735130e-01);
    const value<T, R> h = f * f * T(0.5);
    y = n * T(6.93147180369123816490e-01) - ((h - O::fma(s, h + p, n * T(1.90821492927058770002e-10))) - f);
  }
  const T infinity = std::numeric_limits<T>::infinity();
  y = O::select(O::eq(x, to<T, R>(infinity)), x, y);
  y = O::select(O::eq(x, to<T, R>(T(0))), to<T, R>(-infinity), y);
  return O::select(O::le(to<T, R>(T(0)), x), y, to<T, R>(quiet_nan<T>()));
}

// erfcx(a) = exp(a^2) erfc(a) for a >= 0.
// f32: (1 + 2a) erfcx(a) - 1 as a polynomial in (a - 2)/(a + 2); coefficients fitted by N. Juffa (public
// domain note on erfcf), which reach 2.7 ULP for erfc.
template <class R> value<float, R> erfcx_definition(const value<float, R>& a) {
  using O = operations<R>;
  using V = value<float, R>;
  const V q = (a - 2.0f) / (a + 2.0f);
  const V p =
      polynomial(q, -0x1.a48024p-12f, -0x1.42a172p-10f, 0x1.585784p-10f, 0x1.1ade24p-07f, -0x1.081b72p-07f,
                 -0x1.bc0b94p-05f, 0x1.4ffc40p-03f, -0x1.540840p-03f, -0x1.7bf612p-04f, 0x1.1ba03ap-02f);
  return (p + 1.0f) / O::fma(a, to<float, R>(2.0f), to<float, R>(1.0f));
}

// f64: the rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error function"
// (1969).
template <class R> value<double, R> erfcx_definition(const value<double, R>& a) {
  using O = operations<R>;
  using V = value<double, R>;
  // Even and odd powers apart: half as many roundings on top of each other. In one chain erfc reached 6.2
  // ULP.
  const V w = a * a;
  const V over =
      O::fma(a,
             polynomial(w, 5.64188496988670089180e-01, 6.61191906371416294775e+01, 8.81952221241769090411e+02,
                        2.05107837782607146532e+03),
             polynomial(w, 2.15311535474403846343e-08, 8.88314979438837594118e+00, 2.98635138197400131132e+02,
                        1.71204761263407058314e+03, 1.23033935479799725272e+03));
  const V under = O::fma(a,
                         polynomial(w, 1.57449261107098347253e+01, 5.37181101862009857509e+02,
                                    3.29079923573345962678e+03, 3.43936767414372163696e+03),
                         polynomial(w, 1.0, 1.17693950891312499305e+02, 1.62138957456669018874e+03,
                                    4.36261909014324715820e+03, 1.23033935480374942043e+03));
  const V middle = over / under;
  const V z = to<double, R>(1.0) / w;
  const V tail =
      z *
      polynomial(z, 1.63153871373020978498e-02, 3.05326634961232344035e-01, 3.60344899949804439429e-01,
                 1.25781726111229246204e-01, 1.60837851487422766278e-02, 6.58749161529837803157e-04) /
      polynomial(z, 1.0, 2.56852019228982242072e+00, 1.87295284992346725209e+00, 5.27905102951428412248e-01,
                 6.05183413124413191178e-02, 2.33520497626869185443e-03);
  const V large = (to<double, R>(5.6418958354775628695e-01) - tail) / a;
  return O::select(O::le(a, to<double, R>(4.0)), middle, large);
}

// erf(a) for |a| <= 0.46875: the first of Cody's three regions.
template <class R> value<double, R> erf_near_zero(const value<double, R>& a) {
  const value<double, R> z = a * a;
  return a *
         polynomial(z, 1.85777706184603152673e-1, 3.16112374387056560e00, 1.13864154151050156e02,
                    3.77485237685302021e02, 3.20937758913846947e03) /
         polynomial(z, 1.0, 2.36012909523441209e01, 2.44024637934444173e02, 1.28261652607737228e03,
                    2.84423683343917062e03);
}

// For x < 0: erfcx(-x / sqrt 2) exp(-x^2 / 2) / 2, where x^2 is split so that exp sees it exactly. The
// reflection serves x > 0.
template <class T, class R> value<T, R> normal_cdf_definition(const value<T, R>& x) {
  using O = operations<R>;
  const T limit = sizeof(T) == 4 ? T(14.5) : T(39);
  const value<T, R> magnitude = O::abs(x);
  const value<T, R> b = smaller(magnitude, to<T, R>(limit));
  const value<T, R> square = b * b;
  const value<T, R> rest = O::fma(b, b, -square);
  const value<T, R> head = exp_definition(square * T(-0.5));
  const value<T, R> density = O::fma(head * rest, to<T, R>(T(-0.5)), head);
  const value<T, R> tail = erfcx_definition(b * T(0.70710678118654752440)) * T(0.5) * density;
  value<T, R> y = O::select(O::lt(x, to<T, R>(T(0))), tail, to<T, R>(T(1)) - tail);
  if constexpr (sizeof(T) == 8) {
    const value<T, R> near = O::fma(erf_near_zero(x * 0.70710678118654752440), to<T, R>(0.5), to<T, R>(0.5));
    y = O::select(O::le(magnitude, to<T, R>(0.66)), near, y);
  }
  return O::select(O::eq(x, x), y, x);
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
