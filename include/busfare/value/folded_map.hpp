// The CPU form of a map and the operation that folds its results, where both are recorded by one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/value/map_entries.hpp>
#include <busfare/value/pair_tree.hpp>

namespace busfare::detail {
inline namespace BUSFARE_TU {

BUSFARE_FLATTEN_BEGIN
// A map that writes a tree block to the cache, and a fold that reads it there, take turns at the memory:
// while one reads its arrays the other waits, and the other way around. In one loop the reading never stops.
template <class R, class F, class Args, class Outs, class Op> struct folded_loop;

template <class R, class F, class... A, class... Out, class Op>
struct folded_loop<R, F, std::tuple<A...>, std::tuple<Out...>, Op> {
  using maps = block_loop<R, F, std::tuple<A...>, std::tuple<Out...>>;
  using folds = fold_loop<R, Op, Out...>;
  using arguments = std::index_sequence_for<A...>;
  using components = std::index_sequence_for<Out...>;
  using row = std::tuple<value<Out, R>...>;

  template <std::size_t... K, std::size_t... O>
  static row mapped(const std::tuple<fetcher<R, A>...>& in, std::int64_t i, std::int64_t flat,
                    std::index_sequence<K...>, std::index_sequence<O...>) {
    const auto r = F{}(std::get<K>(in).at(i, flat, maps::lanes)...);
    if constexpr (kernel_value<decltype(r)> || number<std::remove_cv_t<decltype(r)>>)
      return {as_result<R, Out>(r)...};
    else
      return {as_result<R, Out>(std::get<O>(r))...};
  }

  template <std::size_t... O>
  static void run(const cpu_block& b, std::byte* const* folded, std::index_sequence<O...>) {
    std::tuple<fetcher<R, A>...> in;
    std::tuple<splat<R, A>...> splats;
    maps::open(b, in, splats, arguments{});
    const auto first = static_cast<std::int64_t>(b.first);
    std::apply([&](auto&... each) { (each.begin_row(first), ...); }, in);
    // The lanes of the tree stay in memory, which the cache makes fast enough beside what is read; so the
    // kernel is there once, and not once per register.
    // Set to something, since compilers do not see that the first row writes all that later ones read.
    alignas(64) std::byte memory[sizeof...(Out)][static_cast<std::size_t>(folds::tree) * 8] = {};
    const std::tuple<Out*...> lanes(reinterpret_cast<Out*>(memory[O])...);
    const std::tuple<const Out*...> held(std::get<O>(lanes)...);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(tree_block); i += folds::tree)
      for (std::int64_t lane = 0; lane < folds::tree; lane += folds::width) {
        row x = mapped(in, i + lane, first + i + lane, arguments{}, components{});
        if (i != 0)
          x = folds::template combine<R>(folds::template load_row<R>(held, lane, components{}), x,
                                         components{});
        folds::template store_row<R>(lanes, lane, x, components{});
      }
    // One row of the tree is folded like any block of that many elements.
    const std::byte* const row_of_lanes[] = {memory[O]...};
    folds::run({row_of_lanes, folded, static_cast<std::uint64_t>(folds::tree)}, components{});
  }
};

BUSFARE_FLATTEN_END

template <class F, class Args, class Outs, class Op> struct folded_entries;
template <class F, class Args, class... Out, class Op>
struct folded_entries<F, Args, std::tuple<Out...>, Op> {
  using outs = std::tuple<Out...>;
  using all = std::index_sequence_for<Out...>;
  template <isa I> using loop = folded_loop<pack_reading<I>, F, Args, outs, Op>;
  BUSFARE_ENTRY static void base(const cpu_block& b, std::byte* const* to) noexcept {
    loop<isa::base>::run(b, to, all{});
  }
  BUSFARE_AVX2 BUSFARE_ENTRY static void avx2(const cpu_block& b, std::byte* const* to) noexcept {
    loop<isa::avx2>::run(b, to, all{});
  }
  BUSFARE_AVX512 BUSFARE_ENTRY static void avx512(const cpu_block& b, std::byte* const* to) noexcept {
    loop<isa::avx512>::run(b, to, all{});
  }
  static constexpr cpu_folded_code folded = {&fold_entries<Op, Out...>::code,
                                             {base, avx2, BUSFARE_WIDEST_ENTRY}};
  using alone = map_entries<F, Args, outs>;
  static constexpr cpu_code code = {{alone::code.run[0], alone::code.run[1], alone::code.run[2]},
                                    BUSFARE_TU_FAST_MATH,
                                    &folded,
                                    link_of<F, Args, outs>()};
};

// Whether Op folds such components. What is wrong with one that does not is told where it is recorded.
template <class Op, class... T> constexpr bool folds_rows() {
  if constexpr (std::is_void_v<Op> || !std::is_empty_v<Op> || !std::is_class_v<Op>) {
    return false;
  } else if constexpr (std::is_invocable_v<Op, scalar<T>..., scalar<T>...>) {
    using result = std::remove_cvref_t<std::invoke_result_t<Op, scalar<T>..., scalar<T>...>>;
    if constexpr (requires { std::tuple_size<result>::value; })
      return commutes<Op>() && std::tuple_size_v<result> == sizeof...(T);
    else
      return commutes<Op>() && sizeof...(T) == 1;
  } else {
    return false;
  }
}

// The code of a map whose results `Op` folds; void: nobody knows who reads them. Rows of several axes,
// results that memory keeps narrower than they are computed, and operations that want neighbours go one by
// one.
template <class F, class Args, class Outs, class Op> struct code_of_map;
template <class F, class... A, class... Out, class Op>
struct code_of_map<F, std::tuple<A...>, std::tuple<Out...>, Op> {
  static constexpr const cpu_code* get() {
    using args = std::tuple<A...>;
    using outs = std::tuple<Out...>;
    constexpr bool plain = ((index_rank<A> <= 1) && ...) && (std::is_same_v<Out, compute_t<Out>> && ...);
    if constexpr (plain && folds_rows<Op, Out...>())
      return &folded_entries<F, args, outs, Op>::code;
    else
      return &map_entries<F, args, outs>::code;
  }
};

}  // namespace BUSFARE_TU
}  // namespace busfare::detail
