// The first reading: one element, with the one meaning that every operation has everywhere.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include <busfare/value/reading.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare {

template <class T> struct value<T, scalar_reading> {
  using element = T;
  T v;
  BUSFARE_NO_TRUTH_VALUE
};

template <int Bytes> struct mask<scalar_reading, Bytes> {
  bool v;
  BUSFARE_NO_TRUTH_VALUE
};

template <class T> struct table<T, scalar_reading> {
  using element = compute_t<T>;
  using reading = scalar_reading;
  const T* data;
  std::int64_t size;
  BUSFARE_TABLE_ACCESS
};

namespace detail {

inline namespace BUSFARE_TU {
// What a kernel sees of a stored element. In half.hpp, which is made of the operations below.
template <class T> compute_t<T> widened(const T& stored);
}  // namespace BUSFARE_TU

template <class T> constexpr T total_div(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return a / b;
  } else {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1)
        return static_cast<T>(std::make_unsigned_t<T>(0) - static_cast<std::make_unsigned_t<T>>(a));
    }
    return static_cast<T>(a / b);
  }
}

template <class T> constexpr T total_mod(T a, T b) {
  if (b == 0) return 0;
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return 0;
  }
  return static_cast<T>(a % b);
}

// Float to integer truncates and saturates, NaN gives 0; integers wrap; the rest is C++'s conversion.
template <class To, class From> constexpr To total_cast(From x) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    if (x != x) return 0;
    // The limits as floats: the lower one is exact, the upper one rounds up to a power of two.
    constexpr From low = static_cast<From>(std::numeric_limits<To>::min());
    constexpr From high = static_cast<From>(std::numeric_limits<To>::max());
    if (x <= low) return std::numeric_limits<To>::min();
    if (x >= high) return std::numeric_limits<To>::max();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

// Base-ISA fma of floats: the product is exact in double, the sum is rounded to odd before it is rounded to
// float.
inline float fma_exact(float a, float b, float c) {
#if defined(__FMA__)
  return __builtin_fmaf(a, b, c);
#else
  const double p = static_cast<double>(a) * static_cast<double>(b);
  const double s = p + static_cast<double>(c);
  const double t = s - p;
  const double e = (p - (s - t)) + (static_cast<double>(c) - t);  // exact error of the sum
  std::uint64_t bits = std::bit_cast<std::uint64_t>(s);
  if (e != 0 && (bits & 1) == 0) {
    // Towards the error: the neighbour on its side is odd.
    const bool away = (e > 0) == (s > 0);
    bits = away ? bits + 1 : bits - 1;
  }
  // Infinities and NaNs of the inputs never reach here with a finite e; an overflowing p cannot happen in
  // double.
  return static_cast<float>(std::bit_cast<double>(e == e ? bits : std::bit_cast<std::uint64_t>(s)));
#endif
}
inline double fma_exact(double a, double b, double c) { return __builtin_fma(a, b, c); }

template <> struct operations<scalar_reading> {
  template <class T> using V = value<T, scalar_reading>;
  using M = mask<scalar_reading>;
  template <class T> using U = std::make_unsigned_t<T>;

  template <class T> static V<T> broadcast(T x) { return {x}; }

#define BUSFARE_WRAPPING(name, sign)                                               \
  template <class T> static V<T> name(const V<T>& a, const V<T>& b) {              \
    if constexpr (std::is_floating_point_v<T>)                                     \
      return {a.v sign b.v};                                                       \
    else                                                                           \
      return {static_cast<T>(static_cast<U<T>>(a.v) sign static_cast<U<T>>(b.v))}; \
  }
  BUSFARE_WRAPPING(add, +)
  BUSFARE_WRAPPING(sub, -)
  BUSFARE_WRAPPING(mul, *)
#undef BUSFARE_WRAPPING
  template <class T> static V<T> div(const V<T>& a, const V<T>& b) { return {total_div(a.v, b.v)}; }
  template <class T> static V<T> mod(const V<T>& a, const V<T>& b) { return {total_mod(a.v, b.v)}; }
  template <class T> static V<T> neg(const V<T>& a) {
    if constexpr (std::is_floating_point_v<T>)
      return {-a.v};
    else
      return {static_cast<T>(U<T>(0) - static_cast<U<T>>(a.v))};
  }
  template <class T> static M lt(const V<T>& a, const V<T>& b) { return {a.v < b.v}; }
  template <class T> static M le(const V<T>& a, const V<T>& b) { return {a.v <= b.v}; }
  template <class T> static M eq(const V<T>& a, const V<T>& b) { return {a.v == b.v}; }
  template <class T> static M ne(const V<T>& a, const V<T>& b) { return {a.v != b.v}; }
  static M land(const M& a, const M& b) { return {a.v && b.v}; }
  static M lor(const M& a, const M& b) { return {a.v || b.v}; }
  static M lnot(const M& a) { return {!a.v}; }
  template <class T> static V<T> band(const V<T>& a, const V<T>& b) { return {static_cast<T>(a.v & b.v)}; }
  template <class T> static V<T> bor(const V<T>& a, const V<T>& b) { return {static_cast<T>(a.v | b.v)}; }
  template <class T> static V<T> bxor(const V<T>& a, const V<T>& b) { return {static_cast<T>(a.v ^ b.v)}; }
  template <class T> static V<T> bnot(const V<T>& a) { return {static_cast<T>(~a.v)}; }
  template <class T> static V<T> shl(const V<T>& a, const V<T>& b) {
    return {static_cast<T>(static_cast<U<T>>(a.v) << (static_cast<U<T>>(b.v) & (sizeof(T) * 8 - 1)))};
  }
  template <class T> static V<T> shr(const V<T>& a, const V<T>& b) {
    return {static_cast<T>(a.v >> (static_cast<U<T>>(b.v) & (sizeof(T) * 8 - 1)))};
  }
  template <class T> static V<T> select(const M& m, const V<T>& a, const V<T>& b) {
    return {m.v ? a.v : b.v};
  }
  template <class T> static V<T> abs(const V<T>& a) {
    if constexpr (std::is_floating_point_v<T>)
      return {std::fabs(a.v)};
    else if constexpr (std::is_signed_v<T>)
      return {a.v < 0 ? neg(a).v : a.v};
    else
      return a;
  }
  template <class T> static V<T> floor(const V<T>& a) { return {std::floor(a.v)}; }
  template <class T> static V<T> sqrt(const V<T>& a) { return {std::sqrt(a.v)}; }
  template <class T> static V<T> fma(const V<T>& a, const V<T>& b, const V<T>& c) {
    return {fma_exact(a.v, b.v, c.v)};
  }
  template <class To, class From> static V<To> cast(const V<From>& a) { return {total_cast<To>(a.v)}; }
  template <class To, class From> static V<To> bit_cast(const V<From>& a) { return {std::bit_cast<To>(a.v)}; }
  static V<std::int32_t> from_mask(const M& m) { return {m.v ? 1 : 0}; }

  template <class S>
  static V<compute_t<S>> lookup(const table<S, scalar_reading>& t, const V<std::int64_t>& i) {
    if (t.size == 0) return {compute_t<S>{}};
    const std::int64_t at = i.v < 0 ? 0 : i.v < t.size ? i.v : t.size - 1;
    return {widened(t.data[at])};
  }

  static bool any(const M& m) { return m.v; }
};

}  // namespace detail
}  // namespace busfare
BUSFARE_INLINE_END
