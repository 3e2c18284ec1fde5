// An array seen through a window: each element with its neighbours.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <busfare/array.hpp>
#include <busfare/border.hpp>
#include <busfare/value/window_use.hpp>

namespace busfare {

/// Made by `window`; an argument of map, generate and map_reduce.
template <storable T, int Rank, class Edge> struct window_of {
  array<T> all;
  detail::window_radii radii;
  Edge edge;
};

/// bf::map(f, bf::window(u, {1, 1})): f sees `u` as a function of one offset per axis, slowest first, in
/// elements; u(0, 0) is the element in hand, u(-1, 0) the one a row before. `radii`: how far the kernel looks
/// along each axis, as many as the array has axes, >= 0. The array has the extents of the other arguments.
///
/// Offsets are integers: numbers, or values of the kernel (the index of a bf::fold). Every offset is safe:
/// what is beyond the array's ends is what the border says. Wrap and reflect show one image of the array on
/// each side; past that, the image's last element.
///
/// Recording throws invalid_argument where the array's rank is not the number of radii, extents differ, a
/// radius is negative, the kernel looks farther than the radius with a number, or wrap and reflect meet a
/// radius larger than the array. Calling `u` with another number of offsets does not compile. The array is
/// read as a whole: it is computed before the map begins, and maps do not fuse across a window.
template <storable T, std::size_t Rank, std::integral I, class Edge = border::clamp_t>
requires(Rank >= 1 && Rank <= 3) window_of < T, static_cast<int>(Rank)
, Edge > window(array<T> all, const I (&radii)[Rank], Edge edge = {}) {
  window_of<T, static_cast<int>(Rank), Edge> w{std::move(all), {}, edge};
  for (std::size_t axis = 0; axis < Rank; ++axis)
    w.radii.along[axis] = static_cast<std::int64_t>(radii[axis]);
  return w;
}
/// Of an array of rank 1.
template <storable T, class Edge = border::clamp_t>
window_of<T, 1, Edge> window(array<T> all, std::int64_t radius, Edge edge = {}) {
  return {std::move(all), {{radius, 0, 0}}, edge};
}

}  // namespace busfare
