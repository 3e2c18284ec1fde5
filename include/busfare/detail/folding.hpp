// From an operation and its arrays to a recorded fold: what the reductions share.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <busfare/detail/recording.hpp>
#include <busfare/value/pair_tree.hpp>

namespace busfare::detail {

// Narrow elements become what they are computed with; an array that is given twice becomes two.
struct widen {
  auto operator()(auto v) const { return +v; }
  auto operator()(auto... v) const { return std::make_tuple(+v...); }
};
struct with_index {
  auto operator()(auto i, auto v) const { return std::make_tuple(+v, cast<std::uint64_t>(i)); }
};

// Compares (value, index): a NaN loses to everything, equal values to the lower index.
template <bool Least> struct arg_extreme {
  static constexpr const char* name = Least ? "argmin" : "argmax";
  auto operator()(auto a, auto i, auto b, auto j) const {
    const auto better = [](auto x, auto y) {
      if constexpr (Least)
        return x < y;
      else
        return y < x;
    };
    const auto left =
        better(a, b) || ((a == a) && (b != b)) || (!better(b, a) && !((b == b) && (a != a)) && (i < j));
    return std::make_tuple(busfare::select(left, a, b), busfare::select(left, i, j));
  }
};

template <class A> inline constexpr bool is_array = false;
template <class T> inline constexpr bool is_array<array<T>> = true;

// Whether this is an operation over components of these compute types; where not, it says why not.
template <class Op, class... T> constexpr bool check_operation() {
  constexpr bool takes = std::is_invocable_v<Op, scalar<T>..., scalar<T>...>;
  static_assert(takes,
                "busfare: the operation of a reduction takes two values per array: first those of the left "
                "side, then those of the right");
  if constexpr (takes) {
    using result = std::remove_cvref_t<std::invoke_result_t<Op, scalar<T>..., scalar<T>...>>;
    constexpr bool gives = std::tuple_size_v<typename stored_of<result>::type> == sizeof...(T);
    static_assert(
        gives, "busfare: the operation of a reduction returns one value per array, several as a std::tuple");
    return gives;
  } else {
    return false;
  }
}

template <class V> inline constexpr std::size_t count_of = 1;
template <class... V> inline constexpr std::size_t count_of<std::tuple<V...>> = sizeof...(V);

template <class T> std::uint64_t bits_of(T x) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &x, sizeof x);
  return bits;
}
template <class... T, class V> std::vector<std::uint64_t> bits_of_all(const V& x) {
  constexpr bool one = std::is_arithmetic_v<V> || is_f16<V>;
  if constexpr (one && sizeof...(T) == 1) {
    return {bits_of(static_cast<T>(x))...};
  } else {
    static_assert(count_of<V> == sizeof...(T),
                  "busfare: the value for nothing is one number per array, several as a std::tuple");
    return std::apply(
        [](const auto&... each) { return std::vector<std::uint64_t>{bits_of(static_cast<T>(each))...}; }, x);
  }
}

// The bits of the value for nothing; empty where the operation has none.
template <class Op, class... T> std::vector<std::uint64_t> identity_of() {
  if constexpr (requires { Op::template identity<T...>(); })
    return bits_of_all<T...>(Op::template identity<T...>());
  else if constexpr (requires { Op::identity(); })
    return bits_of_all<T...>(Op::identity());
  else
    return {};
}

inline namespace BUSFARE_TU {

template <class Op, class... T> fold_kernel make_fold(source_line line) {
  constexpr std::size_t n = sizeof...(T);
  const std::array<type, n> types = {type_of<T>()...};
  std::array<backend::parameter, 2 * n> parameters;
  for (std::size_t k = 0; k < n; ++k) {
    parameters[k] = parameters[n + k] = {backend::parameter_kind::element, types[k]};
  }
  trace_session trace(parameters, line);
  int at = 0;
  const std::tuple<symbol<T>..., symbol<T>...> in{symbol<T>{trace.input(at++)}...,
                                                  symbol<T>{trace.input(at++)}...};
  const auto r = std::apply([](const auto&... each) { return Op{}(each...); }, in);
  std::array<symbol_id, n> ids;
  if constexpr (kernel_value<decltype(r)> || number<std::remove_cvref_t<decltype(r)>>)
    ids = {result_symbol<T>(r)...};
  else
    std::apply([&](const auto&... each) { ids = {result_symbol<T>(each)...}; }, r);
  using entries = std::conditional_t<commutes<Op>(), fold_entries<Op, T...>, pair_entries<Op, T...>>;
  fold_kernel k{&entries::code,
                trace.finish(ids, types),
                {types.begin(), types.end()},
                identity_of<Op, T...>(),
                "fold"};
  if constexpr (requires { Op::name; }) k.name = Op::name;
  k.commutes = commutes<Op>();
  return k;
}

template <class Op, class... T> const fold_kernel& fold_of(source_line line) {
  static const fold_kernel kernel = make_fold<Op, T...>(line);
  return kernel;
}

template <class Op, class... T> auto fold_arrays(const options& how, source_line line, const array<T>&... x) {
  const map_argument in[] = {argument_of(x)...};
  array_handle out[sizeof...(T)];
  record_fold(fold_of<Op, T...>(line), how, line, in, out);
  return [&]<std::size_t... K>(std::index_sequence<K...>) {
    return typename arrays_of<std::tuple<T...>>::type{array_of<T>(std::move(out[K]))...};
  }
  (std::index_sequence_for<T...>{});
}

// Arrays, or what a map gave: an array or a tuple of them.
template <class Op, class... A> auto record_reduce(const options& how, source_line line, const A&... x) {
  check_kernel<Op>();
  static_assert((is_array<A> && ...), "busfare: bf::reduce takes arrays");
  if constexpr (std::is_empty_v<Op> && std::is_class_v<Op> && (is_array<A> && ...)) {
    if constexpr (check_operation<Op, compute_t<typename A::value_type>...>()) {
      const auto fold = [&](const auto&... each) { return fold_arrays<Op>(how, line, each...); };
      if constexpr (sizeof...(A) > 1) check_equal_extents(line, std::array{argument_of(x)...});
      if constexpr ((std::is_same_v<compute_t<typename A::value_type>, typename A::value_type> && ...)) {
        std::array all{handle_of(x).get()...};
        std::sort(all.begin(), all.end(), std::less<>{});
        if (std::adjacent_find(all.begin(), all.end()) == all.end()) return fold(x...);
      }
      // The map fuses with the reduction.
      const auto wide = record<widen, Op>(how, line, nullptr, std::tuple<>{}, x...);
      if constexpr (sizeof...(A) == 1)
        return fold(wide);
      else
        return std::apply(fold, wide);
    }
  }
}
template <class Op, class... T>
auto record_reduce(const options& how, source_line line, const std::tuple<array<T>...>& x) {
  return std::apply([&](const auto&... each) { return record_reduce<Op>(how, line, each...); }, x);
}

template <bool Least, class T>
array<std::uint64_t> record_arg(const options& how, source_line line, const array<T>& x) {
  const auto [v, i] =
      record<with_index, arg_extreme<Least>>(how, line, nullptr, std::tuple<index_argument<0, 1>>{}, x);
  return std::get<1>(fold_arrays<arg_extreme<Least>>(how, line, v, i));
}

}  // namespace BUSFARE_TU
}  // namespace busfare::detail
