// What each row of the vocabulary means, written a second time: in 128-bit integers and __float128, from the
// design's words and not from the library's code.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <busfare/value/table.hpp>

#if defined(__x86_64__)
__extension__ typedef __float128 busfare_test_quad;
#define BUSFARE_QUAD(name) busfare_test_quad name##q(busfare_test_quad) noexcept;
#define BUSFARE_QUAD_OF_TWO(name) busfare_test_quad name##q(busfare_test_quad, busfare_test_quad) noexcept;
extern "C" {
#else
typedef long double busfare_test_quad;  // 113 bits there
#define BUSFARE_QUAD(name) \
  inline busfare_test_quad name##q(busfare_test_quad x) noexcept { return std::name(x); }
#define BUSFARE_QUAD_OF_TWO(name)                                                       \
  inline busfare_test_quad name##q(busfare_test_quad x, busfare_test_quad y) noexcept { \
    return std::name(x, y);                                                             \
  }
#endif
BUSFARE_QUAD(exp)
BUSFARE_QUAD(log)
BUSFARE_QUAD(sqrt)
BUSFARE_QUAD(exp2)
BUSFARE_QUAD(expm1)
BUSFARE_QUAD(log2)
BUSFARE_QUAD(log10)
BUSFARE_QUAD(log1p)
BUSFARE_QUAD(sin)
BUSFARE_QUAD(cos)
BUSFARE_QUAD(tan)
BUSFARE_QUAD(asin)
BUSFARE_QUAD(acos)
BUSFARE_QUAD(atan)
BUSFARE_QUAD(sinh)
BUSFARE_QUAD(cosh)
BUSFARE_QUAD(tanh)
BUSFARE_QUAD(cbrt)
BUSFARE_QUAD(erf)
BUSFARE_QUAD(erfc)
BUSFARE_QUAD_OF_TWO(atan2)
BUSFARE_QUAD_OF_TWO(hypot)
BUSFARE_QUAD_OF_TWO(pow)
#if defined(__x86_64__)
}
#endif
#undef BUSFARE_QUAD
#undef BUSFARE_QUAD_OF_TWO

namespace busfare_test {

using quad = busfare_test_quad;
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

inline quad exact_exp(quad x) { return expq(x); }
inline quad exact_log(quad x) { return logq(x); }
inline quad exact_normal_cdf(quad x) { return erfcq(-x / sqrtq(quad(2))) / 2; }

/// |got - exact| in units in the last place of T at `exact`. 0 for agreeing NaNs and infinities; infinity
/// where one is special and the other is not.
template <class T> double ulps(T got, quad exact) {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (exact != exact) return got != got ? 0 : wrong;
  if (got != got) return wrong;
  const quad most = std::numeric_limits<T>::max();
  const T rounded = static_cast<T>(exact);
  if (got == rounded) {
    if (std::isinf(rounded)) return 0;
  } else if (std::isinf(got) || std::isinf(rounded)) {
    // Overflow is decided by at most the bound, which the caller checks in steps of the largest number's ulp.
    const quad shown = std::isinf(got) ? (got > 0 ? most : -most) : quad(got);
    const quad there = exact > most ? most : exact < -most ? -most : exact;
    if ((shown > 0) != (there > 0)) return wrong;
    exact = there;
    got = static_cast<T>(shown);
  }
  int exponent = 0;
  const T magnitude = std::fabs(static_cast<T>(exact));
  if (magnitude != 0)
    std::frexp(magnitude, &exponent);
  else
    exponent = std::numeric_limits<T>::min_exponent;
  if (exponent < std::numeric_limits<T>::min_exponent) exponent = std::numeric_limits<T>::min_exponent;
  const double ulp = std::ldexp(1.0, exponent - std::numeric_limits<T>::digits < -1074
                                         ? -1074
                                         : exponent - std::numeric_limits<T>::digits);
  const quad difference = quad(got) > exact ? quad(got) - exact : exact - quad(got);
  return static_cast<double>(difference / quad(ulp));
}

/// The exact result of a row for operands of type T: a T where it is one value, a quad where the row has a
/// bound.
template <busfare::op O, class T> auto exact(T a, [[maybe_unused]] T b, [[maybe_unused]] T c) {
  using busfare::op;
  constexpr bool real = std::is_floating_point_v<T>;
  constexpr unsigned bits = sizeof(T) * 8;
  [[maybe_unused]] const auto w = [](T x) { return static_cast<wide>(x); };
  [[maybe_unused]] const auto u = [](T x) { return static_cast<unsigned_wide>(static_cast<wide>(x)); };
  if constexpr (O == op::lt)
    return static_cast<std::uint8_t>(a < b);
  else if constexpr (O == op::le)
    return static_cast<std::uint8_t>(a <= b);
  else if constexpr (O == op::eq)
    return static_cast<std::uint8_t>(a == b);
  else if constexpr (O == op::ne)
    return static_cast<std::uint8_t>(!(a == b));
  else if constexpr (O == op::land)
    return static_cast<std::uint8_t>(a != 0 && b != 0);
  else if constexpr (O == op::lor)
    return static_cast<std::uint8_t>(a != 0 || b != 0);
  else if constexpr (O == op::lnot)
    return static_cast<std::uint8_t>(a == 0);
  else if constexpr (O == op::select)
    return a != 0 ? b : c;
  else if constexpr (real) {
    if constexpr (O == op::add)
      return static_cast<T>(quad(a) + quad(b));
    else if constexpr (O == op::sub)
      return static_cast<T>(quad(a) - quad(b));
    else if constexpr (O == op::mul)
      return static_cast<T>(quad(a) * quad(b));
    else if constexpr (O == op::div)
      return static_cast<T>(quad(a) / quad(b));
    else if constexpr (O == op::neg)
      return std::copysign(a, std::signbit(a) ? T(1) : T(-1));
    else if constexpr (O == op::min || O == op::max) {
      if (a != a) return b;
      if (b != b) return a;
      if (a == b) return std::signbit(a) == (O == op::min) ? a : b;
      return (a < b) == (O == op::min) ? a : b;
    } else if constexpr (O == op::abs)
      return std::copysign(a, T(1));
    else if constexpr (O == op::floor)
      return static_cast<T>(std::floor(static_cast<long double>(a)));
    else if constexpr (O == op::sqrt)
      return static_cast<T>(sqrtq(quad(a)));
    else if constexpr (O == op::fma)
      return std::fma(a, b, c);  // libm's is correctly rounded
    else if constexpr (O == op::exp)
      return exact_exp(a);
    else if constexpr (O == op::log)
      return exact_log(a);
    else if constexpr (O == op::normal_cdf)
      return exact_normal_cdf(a);
    else if constexpr (O == op::exp2)
      return exp2q(a);
    else if constexpr (O == op::expm1)
      return expm1q(a);
    else if constexpr (O == op::log2)
      return log2q(a);
    else if constexpr (O == op::log10)
      return log10q(a);
    else if constexpr (O == op::log1p)
      return log1pq(a);
    else if constexpr (O == op::sin)
      return sinq(a);
    else if constexpr (O == op::cos)
      return cosq(a);
    else if constexpr (O == op::tan)
      return tanq(a);
    else if constexpr (O == op::asin)
      return asinq(a);
    else if constexpr (O == op::acos)
      return acosq(a);
    else if constexpr (O == op::atan)
      return atanq(a);
    else if constexpr (O == op::sinh)
      return sinhq(a);
    else if constexpr (O == op::cosh)
      return coshq(a);
    else if constexpr (O == op::tanh)
      return tanhq(a);
    else if constexpr (O == op::cbrt)
      return cbrtq(a);
    else if constexpr (O == op::erf)
      return erfq(a);
    else if constexpr (O == op::erfc)
      return erfcq(a);
    else if constexpr (O == op::atan2)
      return atan2q(a, b);
    else if constexpr (O == op::hypot)
      return hypotq(a, b);
    else if constexpr (O == op::pow)
      return powq(a, b);
  } else {
    if constexpr (O == op::add)
      return static_cast<T>(u(a) + u(b));
    else if constexpr (O == op::sub)
      return static_cast<T>(u(a) - u(b));
    else if constexpr (O == op::mul)
      return static_cast<T>(u(a) * u(b));
    else if constexpr (O == op::div)
      return b == 0 ? T(0) : static_cast<T>(w(a) / w(b));
    else if constexpr (O == op::mod)
      return b == 0 ? T(0) : static_cast<T>(w(a) % w(b));
    else if constexpr (O == op::neg)
      return static_cast<T>(-u(a));
    else if constexpr (O == op::band)
      return static_cast<T>(u(a) & u(b));
    else if constexpr (O == op::bor)
      return static_cast<T>(u(a) | u(b));
    else if constexpr (O == op::bxor)
      return static_cast<T>(u(a) ^ u(b));
    else if constexpr (O == op::bnot)
      return static_cast<T>(~u(a));
    else if constexpr (O == op::shl)
      return static_cast<T>(u(a) << static_cast<unsigned>(u(b) % bits));
    else if constexpr (O == op::shr)
      return static_cast<T>(w(a) >> static_cast<unsigned>(u(b) % bits));
    else if constexpr (O == op::min)
      return w(a) < w(b) ? a : b;
    else if constexpr (O == op::max)
      return w(a) > w(b) ? a : b;
    else if constexpr (O == op::abs)
      return static_cast<T>(w(a) < 0 ? -w(a) : w(a));
  }
}

/// What a cast means: integers wrap; floats to integers truncate and saturate, NaN gives 0; the rest rounds
/// once.
template <class To, class From> To exact_cast(From x) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    if (x != x) return 0;
    if (quad(x) <= quad(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (quad(x) >= quad(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(static_cast<wide>(x));
  } else if constexpr (std::is_integral_v<To>) {
    return static_cast<To>(static_cast<unsigned_wide>(static_cast<wide>(x)));
  } else {
    return static_cast<To>(quad(x));
  }
}

}  // namespace busfare_test
