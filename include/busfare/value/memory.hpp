// Between memory and values: loads widen what is stored to what computes, stores narrow it.
#pragma once

#include <cstdint>
#include <type_traits>

#include <busfare/value/narrow.hpp>

namespace busfare::detail {
inline namespace BUSFARE_TU {
BUSFARE_FLATTEN_BEGIN

template <class R> inline constexpr int width_of = 1;
template <isa I> inline constexpr int width_of<pack_reading<I>> = lanes_of<I>;

// Loads `n` elements (all lanes, or fewer at the end) and widens stored types to compute types.
template <class R, class T> value<compute_t<T>, R> load(const T* from, int n = width_of<R>) {
  using C = compute_t<T>;
  if constexpr (std::is_same_v<R, scalar_reading>) {
    return {static_cast<C>(*from)};
  } else {
    constexpr int lanes = width_of<R>;
    if constexpr (std::is_same_v<C, T>) {
      if (n == lanes) return operations<R>::from_lanes(from);
    }
    C each[lanes] = {};
    for (int i = 0; i < n; ++i) each[i] = static_cast<C>(from[i]);
    return operations<R>::from_lanes(each);
  }
}

template <class R, class T> void store(T* to, const value<compute_t<T>, R>& x, int n = width_of<R>) {
  if constexpr (std::is_same_v<R, scalar_reading>) {
    *to = static_cast<T>(x.v);
  } else {
    using C = compute_t<T>;
    if constexpr (std::is_same_v<C, T>) {
      if (n == width_of<R>) {
        operations<R>::to_lanes(to, x);
        return;
      }
    }
    C each[width_of<R>];
    operations<R>::to_lanes(each, x);
    for (int i = 0; i < n; ++i) to[i] = static_cast<T>(each[i]);
  }
}

BUSFARE_FLATTEN_END
}  // namespace BUSFARE_TU
}  // namespace busfare::detail
