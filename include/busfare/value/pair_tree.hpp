// The CPU form of a fold whose operation does not commute: neighbours are combined, level by level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>

#include <busfare/value/fold_loop.hpp>

namespace busfare::detail {

/// Whether an operation may be applied to elements that are not neighbours: `Op::commutes`, true where it
/// does not say.
template <class Op> constexpr bool commutes() {
  if constexpr (requires { Op::commutes; })
    return Op::commutes;
  else
    return true;
}

inline namespace BUSFARE_TU {

BUSFARE_FLATTEN_BEGIN
// Register j of two packs in a row.
template <int J, class T, isa I> const vector_t<T, I>& register_of(const pack<T, I>& a, const pack<T, I>& b) {
  if constexpr (J < parts_of<T>)
    return a.part[J];
  else
    return b.part[J - parts_of<T>];
}

// Two packs of neighbours become one pack of the elements with even places and one of those with odd places.
// K counts the lanes of one register.
template <class T, isa I, int... K>
void split(const pack<T, I>& a, const pack<T, I>& b, pack<T, I>& even, pack<T, I>& odd,
           std::integer_sequence<int, K...>) {
  BUSFARE_PARTS(T, {
    const vector_t<T, I>&low = register_of<2 * p, T, I>(a, b), &high = register_of<2 * p + 1, T, I>(a, b);
    even.part[p] = __builtin_shufflevector(low, high, (2 * K)...);
    odd.part[p] = __builtin_shufflevector(low, high, (2 * K + 1)...);
  });
}

// Value k of level l is made of the elements [k 2^l, (k + 1) 2^l) that there are: of values 2k and 2k + 1 of
// the level below, or of value 2k alone. So it does not depend on where other elements are: a tile or a block
// that begins at a multiple of its size, a power of two, can be folded alone, and the results of tiles and of
// blocks are a level of the tree over all elements.
template <class R, class Op, class... T> struct pair_loop {
  using rows = fold_loop<R, Op, T...>;
  using S = scalar_reading;
  using components = std::index_sequence_for<T...>;
  static constexpr int width = width_of<R>;
  static constexpr std::int64_t tile = 512;  // its half fits the first-level cache beside what is read
  static constexpr std::int64_t tiles = static_cast<std::int64_t>(tree_block) / tile;
  static_assert(tiles * tile == static_cast<std::int64_t>(tree_block) && (tile & (tile - 1)) == 0);

  template <std::size_t... K>
  static void pack_of_pairs(const std::tuple<const T*...>& in, std::int64_t k, const std::tuple<T*...>& out,
                            std::index_sequence<K...> all) {
    const auto a = rows::template load_row<R>(in, 2 * k, all);
    const auto b = rows::template load_row<R>(in, 2 * k + width, all);
    std::tuple<value<T, R>...> even, odd;
    (split(std::get<K>(a), std::get<K>(b), std::get<K>(even), std::get<K>(odd),
           std::make_integer_sequence<int, width / parts_of<T>>{}),
     ...);
    rows::template store_row<R>(out, k, rows::template combine<R>(even, odd, all), all);
  }

  // The pairs from k on and what has no partner; `out` may be `in`, since pairs are read before their results
  // are written and results go to lower places.
  static std::int64_t rest_of_level(const std::tuple<const T*...>& in, std::int64_t k, std::int64_t count,
                                    const std::tuple<T*...>& out) {
    const components all;
    for (; 2 * k + 1 < count; ++k) {
      const auto a = rows::template load_row<S>(in, 2 * k, all),
                 b = rows::template load_row<S>(in, 2 * k + 1, all);
      rows::template store_row<S>(out, k, rows::template combine<S>(a, b, all), all);
    }
    if (2 * k < count) rows::template store_row<S>(out, k, rows::template load_row<S>(in, 2 * k, all), all);
    return count / 2 + count % 2;
  }

  template <std::size_t... K> static void run(const cpu_fold_block& b, std::index_sequence<K...>) {
    alignas(64) std::byte memory[sizeof...(T)][static_cast<std::size_t>(tile / 2) * 8];
    alignas(64) std::byte memory_of_tiles[sizeof...(T)][static_cast<std::size_t>(tiles) * 8];
    const std::tuple<T*...> half(reinterpret_cast<T*>(memory[K])...);
    const std::tuple<const T*...> held(std::get<K>(half)...);
    const std::tuple<T*...> folded(reinterpret_cast<T*>(memory_of_tiles[K])...);
    const std::tuple<const T*...> held_tiles(std::get<K>(folded)...);
    const std::int64_t count = static_cast<std::int64_t>(b.count);
    std::int64_t n = 0;
    for (std::int64_t first = 0; first < count; first += tile, ++n) {
      std::tuple<const T*...> in(reinterpret_cast<const T*>(b.in[K]) + first...);
      std::int64_t left = count - first < tile ? count - first : tile;
      do {
        std::int64_t k = 0;
        for (; 2 * (k + width) <= left; k += width) pack_of_pairs(in, k, half, components{});
        left = rest_of_level(in, k, left, half);
        in = held;
      } while (left > 1);
      (std::memcpy(std::get<K>(folded) + n, std::get<K>(half), sizeof(T)), ...);
    }
    while (n > 1) n = rest_of_level(held_tiles, 0, n, folded);
    (std::memcpy(b.out[K], std::get<K>(folded), sizeof(T)), ...);
  }
};

BUSFARE_FLATTEN_END

template <class Op, class... T> struct pair_entries {
  using all = std::index_sequence_for<T...>;
  BUSFARE_ENTRY static void base(const cpu_fold_block& b) noexcept {
    pair_loop<pack_reading<isa::base>, Op, T...>::run(b, all{});
  }
  BUSFARE_AVX2 BUSFARE_ENTRY static void avx2(const cpu_fold_block& b) noexcept {
    pair_loop<pack_reading<isa::avx2>, Op, T...>::run(b, all{});
  }
  BUSFARE_AVX512 BUSFARE_ENTRY static void avx512(const cpu_fold_block& b) noexcept {
    pair_loop<pack_reading<isa::avx512>, Op, T...>::run(b, all{});
  }
  static constexpr cpu_fold_code code = {{base, avx2, BUSFARE_WIDEST_ENTRY}, BUSFARE_TU_FAST_MATH};
};

}  // namespace BUSFARE_TU
}  // namespace busfare::detail
