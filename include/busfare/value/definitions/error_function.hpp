// erf and erfc, from the tail that normal_cdf has.
#pragma once

#include <busfare/value/definitions/pieces.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare::detail {

/// erf(x) - x for |x| <= 1. Fitted with Sollya's fpminimax.
template <class T, class R> value<T, R> erf_beyond(const value<T, R>& x) {
  const value<T, R> z = x * x;
  if constexpr (is_single<T>)
    return x * polynomial(z, -0x1.2d5cdp-17f, 0x1.cd37bep-14f, -0x1.ba9144p-11f, 0x1.55efd2p-8f,
                          -0x1.b8235p-6f, 0x1.ce2eaap-4f, -0x1.812744p-2f, 0x1.06eba8p-3f);
  else
    return x * polynomial(z, -0x1.8d0d35e325edep-36, 0x1.cca1b171e7831p-33, -0x1.b25a11b131f71p-30,
                          0x1.0909d1b7d48f6p-26, -0x1.60fae85b65939p-23, 0x1.ba0d087fa4662p-20,
                          -0x1.f4d4f9a63f6cap-17, 0x1.f9a3470f8f1cep-14, -0x1.c02db510df3dcp-11,
                          0x1.565bcd147ee02p-8, -0x1.b82ce312b4df4p-6, 0x1.ce2f21a043774p-4,
                          -0x1.812746b0379fep-2, 0x1.06eba8214db69p-3);
}

/// erfc(a) for a >= 0: erfcx(a) exp(-a^2), where a^2 is split so that exp sees it exactly.
template <class T, class R> value<T, R> erfc_tail(const value<T, R>& a) {
  using O = operations<R>;
  const value<T, R> limit = constant<T, R>(is_single<T> ? T(10.5) : T(28));
  const value<T, R> b = smaller(a, limit);
  const two_pieces<T, R> square = product(b, b);
  const value<T, R> head = exp_definition(-square.hi);
  return erfcx_definition(b) * O::fma(head, -square.lo, head);
}

template <class T, class R> value<T, R> erf_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> a = O::abs(x);
  const value<T, R> far = with_sign(T(1) - erfc_tail(a), sign_bit(x));
  const value<T, R> y = O::select(O::lt(a, constant<T, R>(T(1))), x + erf_beyond(x), far);
  return O::select(O::eq(x, x), y, x);
}

template <class T, class R> value<T, R> erfc_definition(const value<T, R>& x) {
  using O = operations<R>;
  const value<T, R> a = O::abs(x);
  const value<T, R> tail = erfc_tail(a);
  const value<T, R> far = O::select(O::lt(x, constant<T, R>(T(0))), T(2) - tail, tail);
  const value<T, R> near = (T(1) - x) - erf_beyond(x);
  const value<T, R> y = O::select(O::lt(a, constant<T, R>(T(0.47))), near, far);
  return O::select(O::eq(x, x), y, x);
}

}  // namespace busfare::detail
BUSFARE_INLINE_END
