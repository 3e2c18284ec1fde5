// Between memory and values: loads widen what is stored to what computes, stores narrow it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
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
    return {widened(*from)};
  } else if constexpr (is_f16<T>) {
    constexpr int lanes = width_of<R>;
    std::uint16_t bits[lanes] = {};
    std::memcpy(bits, from, n == lanes ? sizeof bits : static_cast<std::size_t>(n) * sizeof(T));
    std::int32_t each[lanes];
    for (int i = 0; i < lanes; ++i) each[i] = bits[i];
    return half_loaded(operations<R>::from_lanes(each));
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
  if constexpr (is_f16<T>) {
    constexpr int lanes = width_of<R>;
    std::uint16_t bits[lanes];
    if constexpr (std::is_same_v<R, scalar_reading>) {
      bits[0] = static_cast<std::uint16_t>(half_bits(x).v);
    } else {
      std::int32_t each[lanes];
      operations<R>::to_lanes(each, half_bits(x));
      for (int i = 0; i < lanes; ++i) bits[i] = static_cast<std::uint16_t>(each[i]);
    }
    std::memcpy(to, bits, n == lanes ? sizeof bits : static_cast<std::size_t>(n) * sizeof(T));
  } else if constexpr (std::is_same_v<R, scalar_reading>) {
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
