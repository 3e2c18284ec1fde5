// Results that are stored narrower than they compute: casts to u8, i8, u16, i16, f16, and casts that
// saturate.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <busfare/value/functions.hpp>
#include <busfare/value/half.hpp>

namespace busfare {

/// What cast and cast_sat give for a type T that only stores: its compute type's value, already in T's range.
/// A kernel that returns it makes an array of T; anything else takes it as the value that it is.
template <class T, class R> struct narrow : value<compute_t<T>, R> { using stored = T; };

namespace detail {
template <class T, class R> struct operand_traits<narrow<T, R>> : operand_traits<value<compute_t<T>, R>> {};

template <class V> inline constexpr bool is_narrow = false;
template <class T, class R> inline constexpr bool is_narrow<narrow<T, R>> = true;
}  // namespace detail

BUSFARE_FLATTEN_BEGIN
namespace detail {

/// x, or the end of T's range that it is beyond; in x's own type. NaN stays.
template <class T, class S, class R> value<S, R> within(const value<S, R>& x) {
  using O = operations<R>;
  constexpr auto low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  value<S, R> r = x;
  if constexpr (std::cmp_greater(low, std::numeric_limits<S>::min())) {
    const value<S, R> end = O::broadcast(static_cast<S>(low));
    r = O::select(O::lt(r, end), end, r);
  }
  if constexpr (std::cmp_less(high, std::numeric_limits<S>::max())) {
    const value<S, R> end = O::broadcast(static_cast<S>(high));
    r = O::select(O::lt(end, r), end, r);
  }
  return r;
}

// Wrapped to T, as a value of its compute type.
template <class T, class R> value<std::int32_t, R> wrapped(const value<std::int32_t, R>& x) {
  using O = operations<R>;
  if constexpr (std::is_signed_v<T>) {
    const auto by = O::broadcast(static_cast<std::int32_t>(32 - 8 * sizeof(T)));
    return O::shr(O::shl(x, by), by);
  } else {
    return O::band(x, O::broadcast(static_cast<std::int32_t>(std::numeric_limits<T>::max())));
  }
}

template <class T, class R> narrow<T, R> as_narrow(const value<compute_t<T>, R>& x) {
  narrow<T, R> n;
  static_cast<value<compute_t<T>, R>&>(n) = x;
  return n;
}

// f64 is rounded where it is, so that it is rounded once. Integers may go through f32: those that it does not
// have are beyond f16's range on both sides of that rounding.
template <class T, bool Saturates, class R, class A> narrow<T, R> as_half(const A& a) {
  using S = std::conditional_t<std::is_same_v<element_t<A>, double>, double, float>;
  return as_narrow<T>(to<float, R>(half_rounded<Saturates>(to<S, R>(a))));
}

}  // namespace detail

/// To u8, i8, u16, i16 or f16, for results that are stored so. To integers, floats truncate and saturate, NaN
/// gives 0, and integers wrap. To f16 (_Float16), all types round once, to nearest and ties to even; what is
/// too large is infinite, results may be denormal, NaN stays NaN.
template <storable T, detail::operand A>
requires(!computable<T>) auto cast(const A& a) {
  using R = detail::reading_t<A>;
  if constexpr (detail::is_f16<T>) {
    return detail::as_half<T, false, R>(a);
  } else {
    const auto x = detail::to<std::int32_t, R>(a);
    if constexpr (std::is_floating_point_v<detail::element_t<A>>)
      return detail::as_narrow<T>(detail::within<T>(x));
    else
      return detail::as_narrow<T>(detail::wrapped<T>(x));
  }
}

/// To the nearest value of T. To integers, NaN gives 0 and floats truncate first. To f16, as cast, but finite
/// values beyond 65504 give 65504 of their sign. For T f32 or f64, as cast.
template <storable T, detail::operand A> auto cast_sat(const A& a) {
  using E = detail::element_t<A>;
  using R = detail::reading_t<A>;
  if constexpr (detail::is_f16<T>) {
    return detail::as_half<T, true, R>(a);
  } else if constexpr (std::is_floating_point_v<T> || std::is_floating_point_v<E>) {
    return cast<T>(a);
  } else {
    const auto x = detail::within<T>(detail::to<E, R>(a));
    if constexpr (computable<T>)
      return detail::to<T, R>(x);
    else
      return detail::as_narrow<T>(detail::to<std::int32_t, R>(x));
  }
}

}  // namespace busfare
BUSFARE_FLATTEN_END
