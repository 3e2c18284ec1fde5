// log2, log10 and log1p.
#pragma once

#include <busfare/value/definitions/pieces.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

/// log(1 + f) / log(base) in two pieces, with 1 / log(base) in two pieces.
template <class T, class R> two_pieces<T, R> log_to_base(const value<T, R>& f, T inverse, T inverse_rest) {
  using O = operations<R>;
  const log_series<T, R> s = log_of_one_plus(f);
  const value<T, R> lost = O::fma(f * T(0.5), f, -s.half_square);
  const value<T, R> hi = f - s.half_square;
  const value<T, R> lo = (((f - hi) - s.half_square) - lost) + s.rest;
  const two_pieces<T, R> p = product(hi, constant<T, R>(inverse));
  return {p.hi, O::fma(lo, constant<T, R>(inverse), O::fma(hi, constant<T, R>(inverse_rest), p.lo))};
}

// Powers of two are exact: f is 0 for them.
template <class T, class R> value<T, R> log2_definition(const value<T, R>& x) {
  const auto [n, f] = log_reduced(x);
  const two_pieces<T, R> p = is_single<T> ? log_to_base(f, T(0x1.715476p+0), T(0x1.4ae0c0p-26))
                                          : log_to_base(f, T(0x1.71547652b82fep+0), T(0x1.777d0ffda0d24p-56));
  const two_pieces<T, R> sum = fast_sum(n, p.hi);
  return log_hard_values(x, sum.hi + (sum.lo + p.lo));
}

template <class T, class R> value<T, R> log10_definition(const value<T, R>& x) {
  const auto [n, f] = log_reduced(x);
  const two_pieces<T, R> p = is_single<T> ? log_to_base(f, T(0x1.bcb7b2p-2), T(-0x1.5b235ep-27))
                                          : log_to_base(f, T(0x1.bcb7b1526e50ep-2), T(0x1.95355baaafad3p-57));
  const two_pieces<T, R> a =
      product(n, constant<T, R>(is_single<T> ? T(0x1.344136p-2) : T(0x1.34413509f79ffp-2)));
  const value<T, R> rest = n * (is_single<T> ? T(-0x1.ec10c0p-27) : T(-0x1.9dc1da994fd21p-59));
  const two_pieces<T, R> sum = fast_sum(a.hi, p.hi);
  return log_hard_values(x, sum.hi + (sum.lo + ((a.lo + rest) + p.lo)));
}

// u = 1 + x rounded, and what that lost over u. Where u needs no power of two, f is x itself.
template <class T, class R> value<T, R> log1p_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> u = x + T(1);
  const value<T, R> part = u - T(1);
  const value<T, R> lost = ((T(1) - (u - part)) + (x - part)) / u;
  const auto [n, g] = log_reduced(u);
  const auto plain = O::eq(n, constant<T, R>(T(0)));
  const value<T, R> f = O::select(plain, x, g);
  const value<T, R> c = O::select(plain, constant<T, R>(T(0)), lost);
  const log_series<T, R> s = log_of_one_plus(f);
  // ln 2 in a piece short enough for exact products, and the rest.
  const value<T, R> low =
      O::fma(n, constant<T, R>(is_single<T> ? T(0x1.7f7d1cp-20) : T(0x1.ef35793c76730p-45)), c);
  const value<T, R> y =
      n * (is_single<T> ? T(0x1.62e4p-1) : T(0x1.62e42fefa3800p-1)) - ((s.half_square - (s.rest + low)) - f);
  const auto tiny = O::lt(O::abs(x), constant<T, R>(std::numeric_limits<T>::epsilon() / 4));
  return O::select(tiny, x, log_hard_values(u, y));
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
