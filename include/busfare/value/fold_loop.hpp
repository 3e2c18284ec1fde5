// The CPU form of a fold: one tree block, by lanes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/value/kernel.hpp>

namespace busfare::detail {
inline namespace BUSFARE_TU {

BUSFARE_FLATTEN_BEGIN
// Asks for `Count` elements that a loop at p comes to later. Processors follow a stream by themselves, but
// lose it where a loop ends, as this one does after every tree block; a second stream beside it was slower
// for the same request (docs/decisions/0012-folds-read-ahead.md). Any address may be asked for.
template <int Count, class T> void read_ahead(const T* p) {
  constexpr int line = 64, ahead = 2048;
  static_assert(Count * sizeof(T) == 4 * line, "a row of the tree is four cache lines");
  const auto at = reinterpret_cast<std::uintptr_t>(p) + ahead;
  asm volatile("" : : "r"(at));  // g++ takes a function of prefetches alone for one without effects
  __builtin_prefetch(reinterpret_cast<const void*>(at));
  __builtin_prefetch(reinterpret_cast<const void*>(at + line));
  __builtin_prefetch(reinterpret_cast<const void*>(at + 2 * line));
  __builtin_prefetch(reinterpret_cast<const void*>(at + 3 * line));
}

// Lane j of the result is lane j + Half of x; lanes that this leaves without a source hold anything.
template <int Half, class T, isa I, int... K>
pack<T, I> moved_down(const pack<T, I>& x, std::integer_sequence<int, K...>) {
  constexpr int in_register = static_cast<int>(sizeof...(K));
  pack<T, I> r = x;
  if constexpr (Half >= in_register)
    BUSFARE_PARTS(T, {
      constexpr int from = p + Half / in_register;
      if constexpr (from < parts_of<T>) r.part[p] = x.part[from];
    });
  else
    r.part[0] = __builtin_shufflevector(x.part[0], x.part[0], ((K + Half) % in_register)...);
  return r;
}

// Folds one tree block; see "the fixed tree" in docs/same-bits.md. Op takes 2k values and returns k.
template <class R, class Op, class... T> struct fold_loop {
  static constexpr int width = width_of<R>;
  static constexpr int tree = static_cast<int>(tree_lanes(std::max({sizeof(T)...})));
  static constexpr int packs = tree / width;
  using one_state = std::tuple<value<T, R>...>;
  using lanes_state = std::tuple<T[tree]...>;
  using components = std::index_sequence_for<T...>;

  template <class S, std::size_t... K>
  static auto combine(const std::tuple<value<T, S>...>& a, const std::tuple<value<T, S>...>& b,
                      std::index_sequence<K...>) {
    const auto r = Op{}(std::get<K>(a)..., std::get<K>(b)...);
    if constexpr (sizeof...(T) == 1) {
      return std::tuple<value<T, S>...>(to<T, S>(r)...);
    } else {
      return std::tuple<value<T, S>...>(to<T, S>(std::get<K>(r))...);
    }
  }
  template <class S, std::size_t... K>
  static auto load_row(const std::tuple<const T*...>& in, std::int64_t at, std::index_sequence<K...>) {
    return std::tuple<value<T, S>...>(load<S>(std::get<K>(in) + at)...);
  }
  template <class S, std::size_t... K>
  static void store_row(const std::tuple<T*...>& out, std::int64_t at, const std::tuple<value<T, S>...>& x,
                        std::index_sequence<K...>) {
    (store<S>(std::get<K>(out) + at, std::get<K>(x)), ...);
  }

  // One component's lanes are folded in registers, lane j with lane j + Half, until lane 0 is all. With
  // several components that cost compilers up to 1.7 times as long, for little.
  static constexpr bool in_registers = sizeof...(T) == 1;
  template <int Half, class V> static V folded_lanes(const V& x) {
    using E = typename V::element;
    const V y =
        to<E, R>(Op{}(x, moved_down<Half>(x, std::make_integer_sequence<int, width / parts_of<E>>{})));
    if constexpr (Half == 1)
      return y;
    else
      return folded_lanes<Half / 2>(y);
  }
  template <class V> static V folded_packs(const V& x) { return folded_lanes<width / 2>(x); }
  template <class V, class... More> static V folded_packs(const V& x, const V& y, const More&... more) {
    return halved(std::forward_as_tuple(x, y, more...), std::make_index_sequence<1 + sizeof...(More) / 2>{});
  }
  template <class Packs, std::size_t... P> static auto halved(const Packs& all, std::index_sequence<P...>) {
    using V = std::tuple_element_t<0, one_state>;
    return folded_packs(
        V(to<typename V::element, R>(Op{}(std::get<P>(all), std::get<P + sizeof...(P)>(all))))...);
  }

  // The accumulators are named one by one: at -O2 g++ leaves a loop over an array of them rolled, in memory.
  // `whole`: there is nothing but these rows, and where lanes fold in registers lane 0 gets what they fold
  // to.
  template <std::size_t... P>
  static void full_rows(const std::tuple<const T*...>& in, std::int64_t rows, bool whole,
                        const std::tuple<T*...>& lanes, std::index_sequence<P...>) {
    std::tuple<std::conditional_t<(P + 1 > 0), one_state, void>...> acc(
        load_row<R>(in, static_cast<std::int64_t>(P) * width, components{})...);
    for (std::int64_t row = 1; row < rows; ++row) {
      if constexpr (sizeof...(T) == 1) read_ahead<tree>(std::get<0>(in) + row * tree);
      ((std::get<P>(acc) = combine<R>(
            std::get<P>(acc),
            load_row<R>(in, row * tree + static_cast<std::int64_t>(P) * width, components{}), components{})),
       ...);
    }
    if constexpr (in_registers) {
      if (whole) return store<R>(std::get<0>(lanes), folded_packs(std::get<0>(std::get<P>(acc))...));
    }
    (store_row<R>(lanes, static_cast<std::int64_t>(P) * width, std::get<P>(acc), components{}), ...);
  }

  template <std::size_t... K> static void run(const cpu_fold_block& b, std::index_sequence<K...>) {
    using S = scalar_reading;
    const std::tuple<const T*...> in(reinterpret_cast<const T*>(b.in[K])...);
    const std::int64_t count = static_cast<std::int64_t>(b.count);
    const std::int64_t rows = count / tree, rest = count % tree;
    alignas(64) std::byte memory[sizeof...(T)][static_cast<std::size_t>(tree) * 8];
    const std::tuple<T*...> lanes(reinterpret_cast<T*>(memory[K])...);
    const std::tuple<const T*...> held(std::get<K>(lanes)...);
    if (rows > 0) full_rows(in, rows, rest == 0, lanes, std::make_index_sequence<packs>{});
    for (std::int64_t j = 0; j < rest; ++j) {
      const auto x = load_row<S>(in, rows * tree + j, components{});
      store_row<S>(lanes, j, rows == 0 ? x : combine<S>(load_row<S>(held, j, components{}), x, components{}),
                   components{});
    }
    const std::int64_t filled = rows == 0 ? rest : in_registers && rest == 0 ? 1 : tree;
    for (std::int64_t h = tree / 2; h >= 1; h /= 2) {
      std::int64_t j = 0;
      if (filled == tree) {
        for (; j + width <= h; j += width) {
          store_row<R>(lanes, j,
                       combine<R>(load_row<R>(held, j, components{}), load_row<R>(held, j + h, components{}),
                                  components{}),
                       components{});
        }
      }
      for (; j < h && j + h < filled; ++j) {
        store_row<S>(lanes, j,
                     combine<S>(load_row<S>(held, j, components{}), load_row<S>(held, j + h, components{}),
                                components{}),
                     components{});
      }
    }
    (std::memcpy(b.out[K], std::get<K>(lanes), sizeof(T)), ...);
  }
};

BUSFARE_FLATTEN_END

template <class Op, class... T> struct fold_entries {
  using all = std::index_sequence_for<T...>;
  BUSFARE_ENTRY static void base(const cpu_fold_block& b) noexcept {
    fold_loop<pack_reading<isa::base>, Op, T...>::run(b, all{});
  }
  BUSFARE_AVX2 BUSFARE_ENTRY static void avx2(const cpu_fold_block& b) noexcept {
    fold_loop<pack_reading<isa::avx2>, Op, T...>::run(b, all{});
  }
  BUSFARE_AVX512 BUSFARE_ENTRY static void avx512(const cpu_fold_block& b) noexcept {
    fold_loop<pack_reading<isa::avx512>, Op, T...>::run(b, all{});
  }
  static constexpr cpu_fold_code code = {{base, avx2, BUSFARE_WIDEST_ENTRY}, BUSFARE_TU_FAST_MATH};
};

}  // namespace BUSFARE_TU
}  // namespace busfare::detail
