// From a kernel and its arguments to a recorded map: what map and generate share.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <busfare/value/folded_map.hpp>
#include <busfare/value/kernel.hpp>
#include <busfare/window.hpp>

namespace busfare::detail {

// What a kernel must be. Checked with words, since a constraint that fails says nothing.
template <class F> constexpr void check_kernel() {
  static_assert(std::is_class_v<F>, "busfare: a kernel is a lambda or a function object without state");
  static_assert(std::is_empty_v<F>,
                "busfare: a kernel may not capture: pass it as an argument (bf::map(f, x, number) or "
                "bf::whole(array))");
}

// How each argument of an algorithm is seen by the kernel.
template <class A> struct argument_traits {
  static_assert(dependent_false<A>,
                "busfare: bf::map takes arrays, numbers, bf::whole(array) and bf::window(array, radii); this "
                "argument is "
                "none of them");
};
template <storable T> struct argument_traits<array<T>> {
  using kind = element_argument<T>;
  static constexpr std::array parameters = {
      backend::parameter{backend::parameter_kind::element, type_of<T>()}};
  static void pass(const array<T>& a, map_argument* to, window_radii*&) { *to = argument_of(a); }
};
template <storable T> struct argument_traits<whole_of<T>> {
  using kind = whole_argument<T>;
  static constexpr std::array parameters = {backend::parameter{backend::parameter_kind::whole, type_of<T>()}};
  static void pass(const whole_of<T>& a, map_argument* to, window_radii*&) { *to = argument_of(a.all); }
};
template <number N> struct argument_traits<N> {
  using T = compute_t<N>;
  using kind = number_argument<T>;
  static constexpr std::array parameters = {
      backend::parameter{backend::parameter_kind::number, type_of<T>()}};
  static void pass(N n, map_argument* to, window_radii*&) {
    const T x = static_cast<T>(n);
    std::memcpy(&to->number, &x, sizeof x);
  }
};
// The array, and after it the border's constant where it has one.
template <storable T, int Rank, class Edge> struct argument_traits<window_of<T, Rank, Edge>> {
  using kind = window_argument<T, Rank, Edge>;
  static constexpr auto parameters = [] {
    const backend::parameter all{backend::parameter_kind::whole, type_of<T>()};
    if constexpr (is_constant_border<Edge>)
      return std::array{all, backend::parameter{backend::parameter_kind::number, type_of<compute_t<T>>()}};
    else
      return std::array{all};
  }();
  static void pass(const window_of<T, Rank, Edge>& a, map_argument* to, window_radii*& radii) {
    *to = argument_of(a.all);
    *radii++ = a.radii;
    if constexpr (is_constant_border<Edge>) {
      const auto x = total_cast<compute_t<T>>(a.edge.value);
      std::memcpy(&to[1].number, &x, sizeof x);
    }
  }
};

template <class K> inline constexpr int windows_in = 0;
template <class T, int Rank, class Edge> inline constexpr int windows_in<window_argument<T, Rank, Edge>> = 1;
template <class K> inline constexpr int parameters_in = 1;
template <int A, int N> inline constexpr int parameters_in<index_argument<A, N>> = 0;
template <class T, int Rank, class Edge>
inline constexpr int parameters_in<window_argument<T, Rank, Edge>> = is_constant_border<Edge> ? 2 : 1;

template <class... A> constexpr auto parameters_of() {
  std::array<backend::parameter, (std::size_t{0} + ... + argument_traits<A>::parameters.size())> all{};
  [[maybe_unused]] std::size_t at = 0;
  (
      [&] {
        for (const backend::parameter& each : argument_traits<A>::parameters) all[at++] = each;
      }(),
      ...);
  return all;
}

// What the kernel's parameter looks like in a reading.
template <class R, class Kind> struct seen;
template <class R, class T> struct seen<R, element_argument<T>> { using type = value<compute_t<T>, R>; };
template <class R, class T> struct seen<R, number_argument<T>> { using type = value<T, R>; };
template <class R, class T> struct seen<R, whole_argument<T>> { using type = table<T, R>; };
template <class R, class T, int Rank, class Edge> struct seen<R, window_argument<T, Rank, Edge>> {
  using type = patch<T, Rank, Edge, R>;
};
template <class R, int A, int N> struct seen<R, index_argument<A, N>> {
  using type = value<std::int64_t, R>;
};

// The stored types of what a kernel returns.
template <class V> struct stored_of {
  static_assert(dependent_false<V>,
                "busfare: a kernel returns a value, a comparison, or a std::tuple of them");
};
template <kernel_value V> struct stored_of<V> {
  using type = std::tuple<std::conditional_t<kernel_mask<V>, std::uint8_t, element_t<V>>>;
};
template <class T, class R> struct stored_of<narrow<T, R>> { using type = std::tuple<T>; };
template <number V> struct stored_of<V> { using type = std::tuple<compute_t<V>>; };
template <class... V> struct stored_of<std::tuple<V...>> {
  using type = decltype(std::tuple_cat(std::declval<typename stored_of<V>::type>()...));
};

template <class F, class Kinds> struct results_of;
template <class F, class... K> struct results_of<F, std::tuple<K...>> {
  static_assert(std::is_invocable_v<F, typename seen<scalar_reading, K>::type...>,
                "busfare: the kernel does not take these arguments: it must have one parameter per argument "
                "of the algorithm");
  using raw = std::remove_cvref_t<std::invoke_result_t<F, typename seen<scalar_reading, K>::type...>>;
  using type = typename stored_of<raw>::type;
};

template <class Stored> struct arrays_of;
template <class T> struct arrays_of<std::tuple<T>> { using type = array<T>; };
template <class... T>
requires(sizeof...(T) > 1) struct arrays_of<std::tuple<T...>> {
  using type = std::tuple<array<T>...>;
};

inline namespace BUSFARE_TU {

template <class K> inline constexpr bool is_index = false;
template <int A, int N> inline constexpr bool is_index<index_argument<A, N>> = true;

template <class K> struct window_facts;
template <class T, int Rank, class Edge> struct window_facts<window_argument<T, Rank, Edge>> {
  static window_use at(int argument) {
    return {
        argument, Rank, {}, std::is_same_v<Edge, border::wrap_t> || std::is_same_v<Edge, border::reflect_t>};
  }
};

// `at` counts the program's arguments; `uses` has room for every window.
template <class K> auto symbol_for(trace_session& s, int& at, std::vector<window_use>& uses) {
  if constexpr (is_index<K>)
    return [&]<int A, int N>(index_argument<A, N>) { return symbol<std::int64_t>{s.index(A)}; }(K{});
  else
    return [&]<class T>(std::type_identity<T>) {
      const int k = at;
      at += parameters_in<K>;
      if constexpr (windows_in<K> != 0)
        return T{k, &uses.emplace_back(window_facts<K>::at(k))};
      else if constexpr (requires { T{}.argument; })
        return T{k};
      else
        return T{s.input(k)};
    }(std::type_identity<typename seen<symbol_reading, K>::type>{});
}

template <class Stored, class V> symbol_id result_symbol(const V& v) {
  return to<compute_t<Stored>, symbol_reading>(v).id;
}

// Traced once per kernel and argument types, at first use. Op: what folds its results, where that is known.
template <class F, class Op, class... K, class... Out>
map_kernel make_kernel(std::span<const backend::parameter> parameters, source_line line, std::tuple<K...>,
                       std::tuple<Out...>) {
  trace_session trace(parameters, line);
  int at = 0;
  std::vector<window_use> windows;
  windows.reserve((0 + ... + windows_in<K>));  // symbols point into it
  // Braces: arguments are numbered from left to right.
  const std::tuple<decltype(symbol_for<K>(trace, at, windows))...> in{symbol_for<K>(trace, at, windows)...};
  const auto r = std::apply([](const auto&... each) { return F{}(each...); }, in);
  std::array<symbol_id, sizeof...(Out)> ids;
  if constexpr (sizeof...(Out) == 1 &&
                (kernel_value<decltype(r)> || number<std::remove_cvref_t<decltype(r)>>)) {
    ids = {result_symbol<Out>(r)...};
  } else {
    std::apply([&](const auto&... each) { ids = {result_symbol<Out>(each)...}; }, r);
  }
  const type stored[] = {type_of<Out>()...};
  return {code_of_map<F, std::tuple<K...>, std::tuple<Out...>, Op>::get(), trace.finish(ids, stored),
          std::max({0, index_rank<K>...}), std::move(windows)};
}

template <class F, class Op, class Kinds, class Stored>
const map_kernel& kernel_of(std::span<const backend::parameter> parameters, source_line line) {
  static const map_kernel kernel = make_kernel<F, Op>(parameters, line, Kinds{}, Stored{});
  return kernel;
}

template <class F, class Op = void, class Leading, class... A>
auto record(const options& how, source_line line, const extents* shape, Leading, const A&... a) {
  check_kernel<F>();
  if constexpr (std::is_empty_v<F> && std::is_class_v<F>) {
    using Kinds = decltype(std::tuple_cat(Leading{}, std::tuple<typename argument_traits<A>::kind...>{}));
    using Stored = typename results_of<F, Kinds>::type;
    static constexpr auto parameters = parameters_of<A...>();
    const map_kernel& kernel = kernel_of<F, Op, Kinds, Stored>(parameters, line);
    std::array<map_argument, parameters.size()> arguments;
    std::array<window_radii, (0 + ... + windows_in<typename argument_traits<A>::kind>)> radii;
    map_argument* to = arguments.data();
    window_radii* next = radii.data();
    ((argument_traits<A>::pass(a, to, next), to += argument_traits<A>::parameters.size()), ...);
    std::array<array_handle, std::tuple_size_v<Stored>> results;
    record_map(kernel, how, line, shape, arguments, radii, results);
    return [&]<class... Out, std::size_t... I>(std::tuple<Out...>, std::index_sequence<I...>) {
      return typename arrays_of<Stored>::type{array_of<Out>(std::move(results[I]))...};
    }(Stored{}, std::make_index_sequence<std::tuple_size_v<Stored>>{});
  }
}

}  // namespace BUSFARE_TU
}  // namespace busfare::detail
