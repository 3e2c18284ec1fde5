// From a lambda to what the backends run: its program, and its CPU entries for every instruction set.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/value/math.hpp>
#include <busfare/value/patch.hpp>

#if defined(__clang__)
#define BUSFARE_ENTRY __attribute__((flatten))
#else
#define BUSFARE_ENTRY __attribute__((flatten, optimize("fp-contract=off")))
#endif

namespace busfare::detail {

// How a kernel sees one argument.
template <class T> struct element_argument {};
template <class T> struct number_argument {};
template <class T> struct whole_argument {};
template <int Axis, int Rank> struct index_argument {};
template <class T, int Rank, class Edge> struct window_argument {};

inline namespace BUSFARE_TU {
BUSFARE_FLATTEN_BEGIN

// What fetches one argument inside the loop. `at` counts from the block's first element. Before the first
// `at` of every row (of the shape's fastest axis; the block is one row where the shape does not matter) comes
// `begin_row` with its flat index there, so that a row's divisions are made once and the compiler sees what a
// row has in common.
template <class R, class A> struct fetcher;

// Where one value for all is repeated. Not in the fetcher: a pointer to itself would make the compiler read
// all of it again after every store of the loop.
template <class R, class A> struct splat {};
template <class R, class T> struct splat<R, element_argument<T>> { alignas(64) T of[width_of<R>]; };

template <class R, class T> struct fetcher<R, element_argument<T>> {
  const T* data;
  std::int64_t stride;  // 0: one value for all, repeated in a splat

  void open(const cpu_block& b, int& array, int&, splat<R, element_argument<T>>& one) {
    const cpu_operand& in = b.in[array++];
    data = reinterpret_cast<const T*>(in.data);
    stride = in.broadcast ? 0 : 1;
    if (in.broadcast) {
      for (T& each : one.of) each = *data;
      data = one.of;
    }
  }
  void begin_row(std::int64_t) {}
  value<compute_t<T>, R> at(std::int64_t i, std::int64_t, int n) const {
    return load<R>(data + i * stride, n);
  }
};

template <class R, class T> struct fetcher<R, number_argument<T>> {
  scalar<T> number;
  void open(const cpu_block& b, int&, int& numbers, splat<R, number_argument<T>>&) {
    std::memcpy(&number.v, b.numbers + 8 * numbers++, sizeof(T));
  }
  void begin_row(std::int64_t) {}
  scalar<T> at(std::int64_t, std::int64_t, int) const { return number; }
};

template <class R, class T> struct fetcher<R, whole_argument<T>> {
  static constexpr T zero{};
  table<T, R> all;
  void open(const cpu_block& b, int& array, int&, splat<R, whole_argument<T>>&) {
    const cpu_operand& in = b.in[array++];
    // An empty table reads 0, as one zero does: no loop over it has to ask.
    all = {in.size == 0 ? &zero : reinterpret_cast<const T*>(in.data),
           in.size == 0 ? 1 : static_cast<std::int64_t>(in.size)};
  }
  void begin_row(std::int64_t) {}
  const table<T, R>& at(std::int64_t, std::int64_t, int) const { return all; }
};

template <class R, class T, int Rank, class Edge> struct fetcher<R, window_argument<T, Rank, Edge>> {
  mutable patch<T, Rank, Edge, R> seen;  // its column is where the loop is
  void open(const cpu_block& b, int& array, int& numbers, splat<R, window_argument<T, Rank, Edge>>&) {
    seen.data = reinterpret_cast<const T*>(b.in[array++].data);
    for (int axis = 0; axis < Rank; ++axis) seen.n[axis] = static_cast<std::int64_t>(b.shape[axis]);
    if constexpr (is_constant_border<Edge>)
      std::memcpy(&seen.beyond, b.numbers + 8 * numbers++, sizeof seen.beyond);
  }
  void begin_row(std::int64_t flat) { seen.begin_row(flat); }
  const patch<T, Rank, Edge, R>& at(std::int64_t, std::int64_t flat, int) const {
    seen.move_along(flat);
    return seen;
  }
};

// The fastest axis differs per lane; the others are one number, since packs never span rows.
template <class R, int Axis, int Rank> struct fetcher<R, index_argument<Axis, Rank>> {
  std::int64_t n1, n2, row;  // row: flat index of the row's first element; of a slower axis, the index itself
  void open(const cpu_block& b, int&, int&, splat<R, index_argument<Axis, Rank>>&) {
    n1 = static_cast<std::int64_t>(b.shape[1]);
    n2 = static_cast<std::int64_t>(b.shape[2]);
  }
  void begin_row(std::int64_t flat) {
    if constexpr (Axis + 1 == Rank)
      row = Rank == 1 ? 0 : Rank == 2 ? flat - flat % n1 : flat - flat % n2;
    else if constexpr (Rank == 2)
      row = flat / n1;
    else if constexpr (Axis == 1)
      row = flat / n2 % n1;
    else
      row = flat / n2 / n1;
  }
  auto at(std::int64_t, std::int64_t flat, int) const {
    if constexpr (Axis + 1 == Rank) {
      const std::int64_t fastest = flat - row;
      if constexpr (std::is_same_v<R, scalar_reading>) {
        return scalar<std::int64_t>{fastest};
      } else {
        std::int64_t each[width_of<R>];
        for (int i = 0; i < width_of<R>; ++i) each[i] = fastest + i;
        return operations<R>::from_lanes(each);
      }
    } else {
      return scalar<std::int64_t>{row};
    }
  }
};

template <class A> inline constexpr int index_rank = 0;
template <int Axis, int Rank> inline constexpr int index_rank<index_argument<Axis, Rank>> = Rank;
template <class T, int Rank, class Edge>
inline constexpr int index_rank<window_argument<T, Rank, Edge>> = Rank;

template <class R, class Stored, class V> value<compute_t<Stored>, R> as_result(const V& v) {
  return to<compute_t<Stored>, R>(v);
}

template <class R, class F, class Args, class Outs> struct block_loop;

template <class R, class F, class... A, class... Out>
struct block_loop<R, F, std::tuple<A...>, std::tuple<Out...>> {
  static constexpr int lanes = width_of<R>;
  static constexpr int rank =
      (0 + ... + (index_rank<A> > 0 ? index_rank<A> : 0)) == 0 ? 0 : std::max({0, index_rank<A>...});
  using all_arguments = std::index_sequence_for<A...>;
  using all_results = std::index_sequence_for<Out...>;

  template <std::size_t... K, std::size_t... O>
  static void one(const std::tuple<fetcher<R, A>...>& in, std::byte* const* out, std::int64_t i,
                  std::int64_t flat, int n, bool streamed, std::index_sequence<K...>,
                  std::index_sequence<O...>) {
    const auto r = F{}(std::get<K>(in).at(i, flat, n)...);
    if constexpr (kernel_value<decltype(r)> || number<std::remove_cv_t<decltype(r)>>) {
      (write<Out>(out[O], i, as_result<R, Out>(r), n, streamed), ...);
    } else {
      (write<Out>(out[O], i, as_result<R, Out>(std::get<O>(r)), n, streamed), ...);
    }
  }

  template <class T>
  static void write(std::byte* out, std::int64_t i, const value<compute_t<T>, R>& x, int n, bool streamed) {
    T* to = reinterpret_cast<T*>(out) + i;
    if constexpr (!std::is_same_v<R, scalar_reading> && std::is_same_v<T, compute_t<T>>) {
      if (streamed) {
        operations<R>::stream(to, x);
        return;
      }
    }
    store<R>(to, x, n);
  }

  static bool aligned(std::byte* const* out) {
    std::uintptr_t low = 0;
    for (std::size_t o = 0; o < sizeof...(Out); ++o) low |= reinterpret_cast<std::uintptr_t>(out[o]);
    return low % 64 == 0;
  }

  template <std::size_t... K>
  static void open(const cpu_block& b, std::tuple<fetcher<R, A>...>& in, std::tuple<splat<R, A>...>& splats,
                   std::index_sequence<K...>) {
    int array = 0, numbers = 0;
    (std::get<K>(in).open(b, array, numbers, std::get<K>(splats)), ...);
  }

  static void run(const cpu_block& b) {
    std::tuple<fetcher<R, A>...> in;
    std::tuple<splat<R, A>...> splats;
    open(b, in, splats, all_arguments{});
    std::byte* out[sizeof...(Out)];  // a copy that no store of the loop can change
    std::copy_n(b.out, sizeof...(Out), out);
    const std::int64_t first = static_cast<std::int64_t>(b.first), count = static_cast<std::int64_t>(b.count);
    const bool streamed = b.stream && aligned(out);
    // Row by row where there are rows, so that the slower indices are one number per pack.
    const std::int64_t row = rank <= 1 ? count : static_cast<std::int64_t>(b.shape[rank <= 1 ? 0 : rank - 1]);
    for (std::int64_t i = 0; i < count;) {
      const std::int64_t left = rank <= 1 ? count : row - (first + i) % row;
      const std::int64_t end = i + (left < count - i ? left : count - i);
      std::apply([&](auto&... each) { (each.begin_row(first + i), ...); }, in);
      if (streamed && i % lanes == 0) {
        for (; i + lanes <= end; i += lanes)
          one(in, out, i, first + i, lanes, true, all_arguments{}, all_results{});
      } else {
        for (; i + lanes <= end; i += lanes)
          one(in, out, i, first + i, lanes, false, all_arguments{}, all_results{});
      }
      if (i < end)
        one(in, out, i, first + i, static_cast<int>(end - i), false, all_arguments{}, all_results{});
      i = end;
    }
  }
};

BUSFARE_FLATTEN_END

}  // namespace BUSFARE_TU
}  // namespace busfare::detail
