// sin, cos and tan for all arguments.
#pragma once

#include <tuple>

#include <busfare/value/definitions/pieces.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

/// hi + lo within a little more than pi/4 of 0, and the number of quarter turns taken away, modulo 4.
template <class T, class R> struct angle {
  value<bits_of_real<T>, R> quarter;
  value<T, R> hi, lo;
};

/// a >= 0, below 2^16 (f32) or 2^30 (f64). pi/2 in three pieces: the first product is taken away exactly,
/// since what is left is below 1 and a multiple of the last places of both; the second is kept with its
/// error.
template <class T, class R> angle<T, R> angle_of_small(const value<T, R>& a) {
  using O = operations<R>;
  constexpr T first = is_single<T> ? T(0x1.921fb6p+0) : T(0x1.921fb54442d18p+0);
  constexpr T second = is_single<T> ? T(-0x1.777a5cp-25) : T(0x1.1a62633145c07p-54);
  constexpr T third = is_single<T> ? T(-0x1.ee59dap-50) : T(-0x1.f1976b7ed8fbcp-110);
  const auto [n, i] = nearest(a, T(0x1.45f306dc9c883p-1));
  const value<T, R> r = O::fma(n, constant<T, R>(-first), a);
  const two_pieces<T, R> t = product(n, constant<T, R>(second));
  // r - t in two pieces, whichever is larger.
  const value<T, R> d = r - t.hi;
  const value<T, R> back = d - r;
  const value<T, R> lost = ((r - (d - back)) - (t.hi + back)) - t.lo;
  const two_pieces<T, R> sum = fast_sum(d, O::fma(n, constant<T, R>(-third), lost));
  return {i, sum.hi, sum.lo};
}

/// The upper 64 bits of m * v, for m < 2^53.
template <class R>
value<std::uint64_t, R> upper_product(const value<std::uint64_t, R>& m, const value<std::uint64_t, R>& v) {
  constexpr std::uint64_t low = 0xffffffffu;
  const auto ml = m & low, mh = m >> 32, vl = v & low, vh = v >> 32;
  const auto u = mh * vl + ((ml * vl) >> 32);
  const auto w = ml * vh + (u & low);
  return mh * vh + (u >> 32) + (w >> 32);
}

/// `count` words of `words` from word `at` on (at < 2^stages), by one row of selects per bit of `at`.
template <int stages, int count, class W, class R, std::size_t n>
void words_from(const value<W, R>& at, const W (&words)[n], value<W, R> (&out)[count]) {
  using O = operations<R>;
  static_assert(n == (std::size_t{1} << stages) - 1 + count);
  value<W, R> w[n];
  for (std::size_t k = 0; k < n; ++k) w[k] = constant<W, R>(words[k]);
  for (int stage = stages - 1; stage >= 0; --stage) {
    const auto there = O::ne(at & (W(1) << stage), constant<W, R>(W(0)));
    const std::size_t left = (std::size_t{1} << stage) - 1 + count;
    for (std::size_t k = 0; k < left; ++k) w[k] = O::select(there, w[k + (std::size_t{1} << stage)], w[k]);
  }
  for (int k = 0; k < count; ++k) out[k] = w[k];
}

// Payne and Hanek: m 2^q 2/pi modulo 4 needs only the bits of 2/pi from weight 2^(1 - q) down. The tables
// hold 2/pi behind zeros for the smallest q.
template <class R> angle<double, R> angle_of_large(const value<double, R>& a) {
  using O = operations<R>;
  using U = value<std::uint64_t, R>;
  // 24 zeros, then 2/pi.
  static constexpr std::uint64_t turn[] = {
      0x000000a2f9836e4e, 0x441529fc2757d1f5, 0x34ddc0db6295993c, 0x439041fe5163abde, 0xbbc561b7246e3a42,
      0x4dd2e006492eea09, 0xd1921cfe1deb1cb1, 0x29a73ee88235f52e, 0xbb4484e99c7026b4, 0x5f7e413991d63983,
      0x5339f49c845f8bbd, 0xf9283b1ff897ffde, 0x05980fef2f118b5a, 0x0a6d1f6d367ecf27, 0xcb09b74f463f669e,
      0x5fea2d7527bac7eb, 0xe5f17b3d0739f78a, 0x5292ea6bfb5fb11f, 0x8d5d0856033046fc};
  const U raw = O::template bit_cast<std::uint64_t>(a);
  const U m = (raw & 0xfffffffffffffu) | (std::uint64_t{1} << 52);
  const U skip = (raw >> 52) - std::uint64_t(1075 + 2 - 24);
  U w[4];
  words_from<4>(skip >> 6, turn, w);
  const U left = skip & 63u, right = 63u - left;
  const U v0 = (w[0] << left) | (w[1] >> 1 >> right);
  const U v1 = (w[1] << left) | (w[2] >> 1 >> right);
  const U v2 = (w[2] << left) | (w[3] >> 1 >> right);
  // The upper 128 of the lower 192 bits of the product; the first two are quarter turns.
  const U middle = m * v1, below = upper_product(m, v2);
  const U p1 = middle + below;
  const U carry = O::select(O::lt(p1, middle), constant<std::uint64_t, R>(1), constant<std::uint64_t, R>(0));
  const U p0 = m * v0 + upper_product(m, v1) + carry;
  const U quarter = (p0 + (std::uint64_t{1} << 61)) >> 62;
  const U f0 = (p0 << 2) | (p1 >> 62), f1 = p1 << 2;
  // The signed fraction in four pieces of 32 bits, each an exact float by its place behind 2^52.
  const auto piece = [](const U& x, double offset) {
    return O::template bit_cast<double>(x | 0x4330000000000000u) - offset;
  };
  const value<double, R> d3 = piece((f0 ^ 0x8000000000000000u) >> 32, 0x1p52 + 0x1p31) * 0x1p-32;
  const value<double, R> d2 = piece(f0 & 0xffffffffu, 0x1p52) * 0x1p-64;
  const value<double, R> d1 = piece(f1 >> 32, 0x1p52) * 0x1p-96;
  const value<double, R> d0 = piece(f1 & 0xffffffffu, 0x1p52) * 0x1p-128;
  const two_pieces<double, R> upper = fast_sum(d3, d2);
  const two_pieces<double, R> f = fast_sum(upper.hi, upper.lo + d1);
  const two_pieces<double, R> p = product(f.hi, constant<double, R>(0x1.921fb54442d18p+0));
  const value<double, R> lo =
      O::fma(f.hi, constant<double, R>(0x1.1a62633145c07p-54), p.lo) + (f.lo + d0) * 0x1.921fb54442d18p+0;
  const two_pieces<double, R> r = fast_sum(p.hi, lo);
  return {O::template bit_cast<std::int64_t>(quarter), r.hi, r.lo};
}
template <class R> angle<float, R> angle_of_large(const value<float, R>& a) {
  using O = operations<R>;
  using U = value<std::uint32_t, R>;
  using W = value<std::uint64_t, R>;
  // 16 zeros, then 2/pi.
  static constexpr std::uint32_t turn[] = {0x0000a2f9, 0x836e4e44, 0x1529fc27, 0x57d1f534,
                                           0xddc0db62, 0x95993c43, 0x9041fe51};
  const U raw = O::template bit_cast<std::uint32_t>(a);
  const W m = to<std::uint64_t, R>((raw & 0x7fffffu) | 0x800000u);
  const U skip = (raw >> 23) - std::uint32_t(150 + 2 - 16);
  U w[4];
  words_from<2>(skip >> 5, turn, w);
  const U left = skip & 31u, right = 31u - left;
  const W v0 = to<std::uint64_t, R>((w[0] << left) | (w[1] >> 1 >> right));
  const W v1 = to<std::uint64_t, R>((w[1] << left) | (w[2] >> 1 >> right));
  const W v2 = to<std::uint64_t, R>((w[2] << left) | (w[3] >> 1 >> right));
  // The upper 64 of the lower 96 bits of the product; the first two are quarter turns.
  const W p = ((m * v0) << 32) + m * v1 + ((m * v2) >> 32);
  const W quarter = (p + (std::uint64_t{1} << 61)) >> 62;
  // The signed fraction in pieces of 22, 22 and 20 bits, each an exact float.
  const value<std::int64_t, R> f = O::template bit_cast<std::int64_t>(p << 2);
  const auto piece = [](const value<std::int64_t, R>& x) {
    return to<float, R>(O::template cast<std::int32_t>(x));
  };
  const value<float, R> d2 = piece(f >> 42) * 0x1p-22f, d1 = piece((f >> 20) & 0x3fffff) * 0x1p-44f,
                        d0 = piece(f & 0xfffff) * 0x1p-64f;
  const two_pieces<float, R> upper = fast_sum(d2, d1);
  const two_pieces<float, R> g = fast_sum(upper.hi, upper.lo + d0);
  const two_pieces<float, R> t = product(g.hi, constant<float, R>(0x1.921fb6p+0f));
  const value<float, R> lo = O::fma(g.hi, constant<float, R>(-0x1.777a5cp-25f), t.lo) + g.lo * 0x1.921fb6p+0f;
  const two_pieces<float, R> r = fast_sum(t.hi, lo);
  return {O::template cast<std::int32_t>(quarter), r.hi, r.lo};
}

/// |x| reduced. The long way is a loop of at most one trip, which who needs it nowhere skips. Its argument is
/// a state, since what depends on no state would be computed before the loop.
template <class T, class R> angle<T, R> angle_of(const value<T, R>& magnitude) {
  using O = operations<R>;
  const auto large = O::le(constant<T, R>(is_single<T> ? T(0x1p16) : T(0x1p30)), magnitude);
  const angle<T, R> s = angle_of_small(O::select(large, constant<T, R>(T(0)), magnitude));
  const auto [quarter, hi, lo, same] = iterate(
      1, std::tuple(s.quarter, s.hi, s.lo, magnitude),
      [&](const auto&, const auto&, const auto&, const auto&) { return large; },
      [](const auto&, const auto&, const auto&, const auto& a) {
        const angle<T, R> l = angle_of_large(a);
        return std::tuple(l.quarter, l.hi, l.lo, a);
      });
  return {quarter, hi, lo};
}

/// Sine and cosine of hi + lo. Polynomials fitted with Sollya's fpminimax.
template <class T, class R> value<T, R> sin_near_zero(const value<T, R>& hi, const value<T, R>& lo) {
  using O = operations<R>;
  const value<T, R> z = hi * hi;
  value<T, R> p;
  if constexpr (is_single<T>)
    p = polynomial(z, -0x1.9aacf6p-13f, 0x1.110bdap-7f, -0x1.555552p-3f);
  else
    p = polynomial(z, 0x1.5e0cf35a228cap-33, -0x1.ae60142c6537bp-26, 0x1.71de37a5880bfp-19,
                   -0x1.a01a019e98042p-13, 0x1.1111111110c61p-7, -0x1.5555555555555p-3);
  return hi + O::fma(z * hi, p, O::fma(z * T(-0.5), lo, lo));
}
template <class T, class R> value<T, R> cos_near_zero(const value<T, R>& hi, const value<T, R>& lo) {
  using O = operations<R>;
  const value<T, R> z = hi * hi;
  value<T, R> p;
  if constexpr (is_single<T>)
    p = polynomial(z, 0x1.9bc284p-16f, -0x1.6c1296p-10f, 0x1.555554p-5f);
  else
    p = polynomial(z, -0x1.907018e34f19bp-37, 0x1.1eeb532a8605fp-29, -0x1.27e4f9fe917c4p-22,
                   0x1.a01a019f351bp-16, -0x1.6c16c16c168bfp-10, 0x1.5555555555555p-5);
  const value<T, R> half = z * T(0.5);
  const value<T, R> w = T(1) - half;
  return w + (((T(1) - w) - half) + O::fma(z * z, p, -(hi * lo)));
}

/// y with the sign that `quarter` gives by its second bit; NaN for infinities and NaN.
template <class T, class R>
value<T, R> turned(const value<T, R>& magnitude, const value<T, R>& y,
                   const value<bits_of_real<T>, R>& sign) {
  using O = operations<R>;
  return O::select(O::lt(magnitude, constant<T, R>(std::numeric_limits<T>::infinity())), with_sign(y, sign),
                   constant<T, R>(quiet_nan<T>()));
}
template <class T> inline constexpr int second_bit_to_sign = is_single<T> ? 30 : 62;

template <class T, class R> value<T, R> sin_definition(const value<T, R>& x) {
  using O = operations<R>;
  using I = bits_of_real<T>;
  const value<T, R> magnitude = O::abs(x);
  const angle<T, R> a = angle_of(magnitude);
  const auto odd = O::ne(a.quarter & I(1), constant<I, R>(I(0)));
  const value<T, R> y = O::select(odd, cos_near_zero(a.hi, a.lo), sin_near_zero(a.hi, a.lo));
  return turned(magnitude, y, sign_bit(x) ^ ((a.quarter & I(2)) << second_bit_to_sign<T>));
}
template <class T, class R> value<T, R> cos_definition(const value<T, R>& x) {
  using O = operations<R>;
  using I = bits_of_real<T>;
  const value<T, R> magnitude = O::abs(x);
  const angle<T, R> a = angle_of(magnitude);
  const auto odd = O::ne(a.quarter & I(1), constant<I, R>(I(0)));
  const value<T, R> y = O::select(odd, sin_near_zero(a.hi, a.lo), cos_near_zero(a.hi, a.lo));
  return turned(magnitude, y, ((a.quarter + I(1)) & I(2)) << second_bit_to_sign<T>);
}
template <class T, class R> value<T, R> tan_definition(const value<T, R>& x) {
  using O = operations<R>;
  using I = bits_of_real<T>;
  const value<T, R> magnitude = O::abs(x);
  const angle<T, R> a = angle_of(magnitude);
  const auto odd = O::ne(a.quarter & I(1), constant<I, R>(I(0)));
  const value<T, R> s = sin_near_zero(a.hi, a.lo), c = cos_near_zero(a.hi, a.lo);
  const value<T, R> y = O::select(odd, c, s) / O::select(odd, s, c);
  return turned(magnitude, y, sign_bit(x) ^ ((a.quarter & I(1)) << (second_bit_to_sign<T> + 1)));
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
