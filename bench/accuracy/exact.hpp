// What each row of the vocabulary means, written a second time: in 128-bit integers and __float128, from the
// design's words and not from the library's code.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <busfare/program.hpp>

#include "accuracy/quad.hpp"

namespace busfare::accuracy {

__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

inline quad exact_exp(quad x) { return expq(x); }
inline quad exact_log(quad x) { return logq(x); }
inline quad exact_normal_cdf(quad x) { return erfcq(-x / sqrtq(quad(2))) / 2; }

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

}  // namespace busfare::accuracy
