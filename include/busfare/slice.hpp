// Part of an array as an array of its own.
#pragma once

#include <cstdint>
#include <type_traits>

#include <busfare/algorithm.hpp>

namespace busfare {
namespace detail {

/// Throws invalid_argument where `size` elements from `from` on are not all in `of`.
BUSFARE_API void check_slice(const extents& of, const extents& from, const extents& size, source_line line);

inline namespace BUSFARE_TU {

// A slice keeps the bits of its elements; kernels compute in wider types than some are stored in.
template <storable T> auto stored(auto x) {
  if constexpr (std::is_same_v<compute_t<T>, T>)
    return x;
  else if constexpr (is_f16<T>)  // it was loaded: nothing to round
    return as_narrow<T>(x);
  else
    return cast<T>(x);
}
template <storable T> struct slice_of_rank_1 {
  auto operator()(auto i, auto all, auto from) const { return stored<T>(all[from + i]); }
};
template <storable T> struct slice_of_rank_2 {
  auto operator()(auto i, auto j, auto all, auto from, auto row) const {
    return stored<T>(all[from + i * row + j]);
  }
};
template <storable T> struct slice_of_rank_3 {
  auto operator()(auto i, auto j, auto k, auto all, auto from, auto plane, auto row) const {
    return stored<T>(all[from + i * plane + j * row + k]);
  }
};

template <storable T>
array<T> record_slice(const options& how, const array<T>& x, const extents& from, const extents& size,
                      source_line line) {
  const extents& n = x.extents();
  check_slice(n, from, size, line);
  const auto steps = [&](int axis) { return static_cast<std::int64_t>(axis == 0 ? n[1] * n[2] : n[2]); };
  const auto first = [&] {
    const std::size_t at = n.rank() == 1   ? from[0]
                           : n.rank() == 2 ? from[0] * n[1] + from[1]
                                           : (from[0] * n[1] + from[1]) * n[2] + from[2];
    return static_cast<std::int64_t>(at);
  }();
  if (n.rank() == 1) return generate(how, size, slice_of_rank_1<T>{}, whole(x), first, line);
  if (n.rank() == 2)
    return generate(how, size, slice_of_rank_2<T>{}, whole(x), first, static_cast<std::int64_t>(n[1]), line);
  return generate(how, size, slice_of_rank_3<T>{}, whole(x), first, steps(0), steps(1), line);
}

}  // namespace BUSFARE_TU
}  // namespace detail

template <storable T>
array<T> array<T>::slice(const busfare::extents& from, const busfare::extents& size, source_line line) const {
  return detail::record_slice(options{}, *this, from, size, line);
}
template <storable T>
array<T> array<T>::slice(const options& how, const busfare::extents& from, const busfare::extents& size,
                         source_line line) const {
  return detail::record_slice(how, *this, from, size, line);
}

}  // namespace busfare
