// A window argument as a kernel sees it: u(-1, 0) is the element one row before the one in hand.
#pragma once

#include <cstdint>
#include <tuple>
#include <type_traits>

#include <busfare/border.hpp>
#include <busfare/value/memory.hpp>
#include <busfare/value/window_use.hpp>

namespace busfare {

namespace detail {

template <class Edge> inline constexpr bool is_constant_border = false;
template <class N> inline constexpr bool is_constant_border<border::constant_t<N>> = true;

inline namespace BUSFARE_TU {
BUSFARE_FLATTEN_BEGIN

template <int Rank, class... D> constexpr void check_offsets() {
  static_assert(sizeof...(D) == Rank,
                "busfare: a window is called with one offset per axis, as many as it got radii");
  static_assert((operand<D> && ...), "busfare: the offsets of a window are integers");
  if constexpr ((operand<D> && ...))
    static_assert((std::is_integral_v<element_t<D>> && ...),
                  "busfare: the offsets of a window are integers; cast first");
}

// Where the border rule puts place p of n > 0: always within. Wrap and reflect know one image of the array on
// each side; past that, the image's last element.
template <class Edge> constexpr std::int64_t edge_place(std::int64_t p, std::int64_t n) {
  if constexpr (std::is_same_v<Edge, border::wrap_t>) {
    if (p < 0)
      p += n;
    else if (p >= n)
      p -= n;
  } else if constexpr (std::is_same_v<Edge, border::reflect_t>) {
    if (p < 0)
      p = -1 - p;
    else if (p >= n)
      p = 2 * n - 1 - p;
  }
  // As minimum and maximum, not as branches: compilers take these out of the loop over a row.
  const std::int64_t last = n - 1, low = p < last ? p : last;
  return low > 0 ? low : 0;
}
// Places are sums of an index and any i64.
constexpr std::int64_t moved(std::int64_t at, std::int64_t by) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(at) + static_cast<std::uint64_t>(by));
}

// The element of a row at this column, wherever that is.
template <class Edge, class C, class T>
C in_row(const T* first, std::int64_t column, std::int64_t width, C beyond) {
  if constexpr (is_constant_border<Edge>) {
    if (column < 0 || column >= width) return beyond;
  }
  return widened(first[edge_place<Edge>(column, width)]);
}

BUSFARE_FLATTEN_END

// A pack's elements where the row's end is in reach: seldom, and out of the loop over a row. Takes values
// only: a patch whose address a call may keep would have to be read again after every store.
template <class Edge, class C, class T, int Lanes>
__attribute__((noinline, cold)) void at_row_end(const T* first, std::int64_t column, std::int64_t width,
                                                C beyond, C (&each)[Lanes]) {
  for (int lane = 0; lane < Lanes; ++lane)
    each[lane] = in_row<Edge, C>(first, moved(column, lane), width, beyond);
}
}  // namespace BUSFARE_TU
}  // namespace detail

BUSFARE_FLATTEN_BEGIN
inline namespace BUSFARE_TU {

/// Called with one integer per axis, slowest first: the offsets. Whatever they are, what is read lies in the
/// array or is the border's. T: stored; Edge: what is beyond the edges.
// Scalars and packs: R is one of their readings. The element in hand is the pack's first lane.
template <class T, int Rank, class Edge, class R> struct patch {
  using C = compute_t<T>;
  static constexpr int lanes = detail::width_of<R>;
  const T* data;
  std::int64_t n[Rank];
  C beyond;               // border::constant
  std::int64_t at[Rank];  // indices of the element in hand
  std::int64_t row;       // flat index of its row's first element
  std::uint64_t loads;    // columns below this have the row's elements for all lanes

  // To the first element in hand of a row, by its flat index; then along that row. Packs never span rows.
  void begin_row(std::int64_t flat) {
    row = 0;
    loads = n[Rank - 1] < lanes ? 0 : static_cast<std::uint64_t>(n[Rank - 1] - lanes) + 1;
    if constexpr (Rank > 1) {
      std::int64_t rows = flat / n[Rank - 1];
      row = rows * n[Rank - 1];
      for (int axis = Rank - 2; axis >= 0; --axis) {
        at[axis] = axis == 0 ? rows : rows % n[axis];
        rows /= n[axis];
      }
    }
    move_along(flat);
  }
  void move_along(std::int64_t flat) { at[Rank - 1] = flat - row; }

  template <class... D> auto operator()(const D&... offset) const {
    detail::check_offsets<Rank, D...>();
    if constexpr (std::is_same_v<typename detail::all_readings<scalar_reading, std::tuple<D...>>::type,
                                 scalar_reading>) {
      const std::int64_t by[] = {detail::to<std::int64_t, scalar_reading>(offset).v...};
      return uniform(by);
    } else {
      std::int64_t by[Rank][lanes];
      int axis = 0;
      (detail::operations<R>::to_lanes(by[axis++], detail::to<std::int64_t, R>(offset)), ...);
      C each[lanes];
      for (int lane = 0; lane < lanes; ++lane) {
        std::int64_t of_lane[Rank];
        for (int a = 0; a < Rank; ++a) of_lane[a] = by[a][lane];
        each[lane] = one(of_lane, lane);
      }
      return detail::operations<R>::from_lanes(each);
    }
  }

 private:
  // Every lane looks the same way: one load, unless the row's end is in reach.
  value<C, R> uniform(const std::int64_t (&by)[Rank]) const {
    std::int64_t from = 0;
    for (int axis = 0; axis + 1 < Rank; ++axis) {
      const std::int64_t p = detail::moved(at[axis], by[axis]);
      if constexpr (detail::is_constant_border<Edge>) {
        if (p < 0 || p >= n[axis]) return detail::to<C, R>(scalar<C>{beyond});
      }
      from = (from + detail::edge_place<Edge>(p, n[axis])) * n[axis + 1];
    }
    const std::int64_t column = detail::moved(at[Rank - 1], by[Rank - 1]);
    if (leads(by)) {
      const auto ahead = reinterpret_cast<std::uintptr_t>(data + from + column) + 2048;
      __builtin_prefetch(reinterpret_cast<const void*>(ahead));
    }
    if (__builtin_expect(static_cast<std::uint64_t>(column) < loads, 1))
      return detail::load<R>(data + from + column);
    if constexpr (std::is_same_v<R, scalar_reading>) {
      return {detail::in_row<Edge, C>(data + from, column, n[Rank - 1], beyond)};
    } else {
      C each[lanes];
      detail::at_row_end<Edge>(data + from, column, n[Rank - 1], beyond, each);
      return detail::operations<R>::from_lanes(each);
    }
  }

  // Whether that row comes after the one in hand, so that nobody may have read it yet: it is asked for ahead.
  static constexpr bool leads(const std::int64_t (&by)[Rank]) {
    if (std::is_same_v<R, scalar_reading> || by[Rank - 1] != 0) return false;
    for (int axis = 0; axis + 1 < Rank; ++axis)
      if (by[axis] > 0) return true;
    return false;
  }

  C one(const std::int64_t (&by)[Rank], int lane) const {
    std::int64_t flat = 0;
    for (int axis = 0; axis < Rank; ++axis) {
      const std::int64_t p = detail::moved(at[axis] + (axis + 1 == Rank ? lane : 0), by[axis]);
      if constexpr (detail::is_constant_border<Edge>) {
        if (p < 0 || p >= n[axis]) return beyond;
      }
      flat = flat * n[axis] + detail::edge_place<Edge>(p, n[axis]);
    }
    return detail::widened(data[flat]);
  }
};

// The same as vocabulary: indices, the array's extents and a lookup.
template <class T, int Rank, class Edge> struct patch<T, Rank, Edge, symbol_reading> {
  int argument;             // the array; a border's constant is the next one
  detail::window_use* use;  // of the trace in progress

  template <class... D> symbol<compute_t<T>> operator()(const D&... offset) const {
    detail::check_offsets<Rank, D...>();
    using O = detail::operations<symbol_reading>;
    using C = compute_t<T>;
    using index = symbol<std::int64_t>;
    const auto number = [](std::int64_t x) { return O::broadcast(x); };
    const index by[] = {detail::to<std::int64_t, symbol_reading>(offset)...};
    const std::int64_t known[] = {note(offset)...};
    index flat = number(0);
    mask<symbol_reading> inside{};
    bool tested = false;
    const auto test = [&](const mask<symbol_reading>& m) {
      inside = tested ? O::land(inside, m) : m;
      tested = true;
    };
    int axis = 0;
    for (; axis < Rank; ++axis) {
      const std::int64_t d = known[axis];
      if (d != unknown && d != 0) use->reach[axis] = max_of(use->reach[axis], d < 0 ? 0 - d : d);
      const index n{detail::trace_extent(axis)};
      index p{detail::trace_index(axis)};
      if (d != 0) {
        p = O::add(p, by[axis]);
        // A number tells which edge is in reach; anything else may reach both, and past a second image.
        const bool low = d < 0 || d == unknown, high = d > 0 || d == unknown;
        if constexpr (detail::is_constant_border<Edge>) {
          if (low) test(O::le(number(0), p));
          if (high) test(O::lt(p, n));
        } else if constexpr (std::is_same_v<Edge, border::wrap_t>) {
          const index q = p;
          if (low) p = O::select(O::lt(q, number(0)), O::add(q, n), p);
          if (high) p = O::select(O::le(n, q), O::sub(q, n), p);
        } else if constexpr (std::is_same_v<Edge, border::reflect_t>) {
          const index q = p;
          if (low) p = O::select(O::lt(q, number(0)), O::sub(number(-1), q), p);
          if (high) p = O::select(O::le(n, q), O::sub(O::sub(O::add(n, n), number(1)), q), p);
        }
        // A lookup clamps; of a constant border the result is dropped then.
        if constexpr (!detail::is_constant_border<Edge>)
          p = O::min(O::max(p, number(0)), O::sub(n, number(1)));
      }
      flat = axis == 0 ? p : O::add(O::mul(flat, n), p);
    }
    const symbol<C> read{detail::trace_lookup(argument, detail::value_type_of<C>(), flat.id)};
    if constexpr (detail::is_constant_border<Edge>) {
      if (tested) return O::select(inside, read, symbol<C>{detail::trace_input(argument + 1)});
    }
    return read;
  }

 private:
  static constexpr std::int64_t unknown = INT64_MIN;
  static constexpr std::int64_t max_of(std::int64_t a, std::int64_t b) { return a < b ? b : a; }
  // An offset that is a number while the kernel is recorded; unknown for values.
  template <class D> static std::int64_t note(const D& offset) {
    if constexpr (detail::kernel_value<D>)
      return unknown;
    else
      return static_cast<std::int64_t>(offset);
  }
};

}  // namespace BUSFARE_TU
BUSFARE_FLATTEN_END
}  // namespace busfare
