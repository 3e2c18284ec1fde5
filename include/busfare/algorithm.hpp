// map, generate, reduce, map_reduce and their shorthands. All record; nothing runs yet.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/array.hpp>
#include <busfare/value/kernel.hpp>

namespace busfare {
namespace detail {

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
                "busfare: bf::map takes arrays, numbers and bf::whole(array); this argument is none of them");
};
template <storable T> struct argument_traits<array<T>> {
  using kind = element_argument<T>;
  static constexpr backend::parameter parameter = {backend::parameter_kind::element, type_of<T>()};
  static map_argument pass(const array<T>& a) { return {handle_of(a), 0}; }
};
template <storable T> struct argument_traits<whole_of<T>> {
  using kind = whole_argument<T>;
  static constexpr backend::parameter parameter = {backend::parameter_kind::whole, type_of<T>()};
  static map_argument pass(const whole_of<T>& a) { return {handle_of(a.all), 0}; }
};
template <number N> struct argument_traits<N> {
  using T = compute_t<N>;
  using kind = number_argument<T>;
  static constexpr backend::parameter parameter = {backend::parameter_kind::number, type_of<T>()};
  static map_argument pass(N n) {
    const T x = static_cast<T>(n);
    map_argument a;
    std::memcpy(&a.number, &x, sizeof x);
    return a;
  }
};

// What the kernel's parameter looks like in a reading.
template <class R, class Kind> struct seen;
template <class R, class T> struct seen<R, element_argument<T>> { using type = value<compute_t<T>, R>; };
template <class R, class T> struct seen<R, number_argument<T>> { using type = value<T, R>; };
template <class R, class T> struct seen<R, whole_argument<T>> { using type = table<T, R>; };
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

template <class K> auto symbol_for(trace_session& s, int& at) {
  if constexpr (is_index<K>)
    return [&]<int A, int N>(index_argument<A, N>) { return symbol<std::int64_t>{s.index(A)}; }(K{});
  else
    return [&]<class T>(std::type_identity<T>) {
      const int k = at++;
      if constexpr (requires { T{}.argument; })
        return T{k};
      else
        return T{s.input(k)};
    }(std::type_identity<typename seen<symbol_reading, K>::type>{});
}

template <class Stored, class V> symbol_id result_symbol(const V& v) {
  return to<compute_t<Stored>, symbol_reading>(v).id;
}

// Traced once per kernel and argument types, at first use.
template <class F, class... K, class... Out>
map_kernel make_kernel(std::span<const backend::parameter> parameters, source_line line, std::tuple<K...>,
                       std::tuple<Out...>) {
  trace_session trace(parameters, line);
  int at = 0;
  // Braces: arguments are numbered from left to right.
  const std::tuple<decltype(symbol_for<K>(trace, at))...> in{symbol_for<K>(trace, at)...};
  const auto r = std::apply([](const auto&... each) { return F{}(each...); }, in);
  std::array<symbol_id, sizeof...(Out)> ids;
  if constexpr (sizeof...(Out) == 1 &&
                (kernel_value<decltype(r)> || number<std::remove_cvref_t<decltype(r)>>)) {
    ids = {result_symbol<Out>(r)...};
  } else {
    std::apply([&](const auto&... each) { ids = {result_symbol<Out>(each)...}; }, r);
  }
  const type stored[] = {type_of<Out>()...};
  return {&map_entries<F, std::tuple<K...>, std::tuple<Out...>>::code, trace.finish(ids, stored),
          (0 + ... + (is_index<K> ? 1 : 0))};
}

template <class F, class Kinds, class Stored>
const map_kernel& kernel_of(std::span<const backend::parameter> parameters, source_line line) {
  static const map_kernel kernel = make_kernel<F>(parameters, line, Kinds{}, Stored{});
  return kernel;
}

template <class F, class Leading, class... A>
auto record(const options& how, source_line line, const extents* shape, Leading, const A&... a) {
  check_kernel<F>();
  if constexpr (std::is_empty_v<F> && std::is_class_v<F>) {
    using Kinds = decltype(std::tuple_cat(Leading{}, std::tuple<typename argument_traits<A>::kind...>{}));
    using Stored = typename results_of<F, Kinds>::type;
    static constexpr std::array<backend::parameter, sizeof...(A)> parameters = {
        argument_traits<A>::parameter...};
    const map_kernel& kernel = kernel_of<F, Kinds, Stored>(parameters, line);
    std::array<map_argument, sizeof...(A)> arguments = {argument_traits<A>::pass(a)...};
    std::array<array_handle, std::tuple_size_v<Stored>> results;
    record_map(kernel, how, line, shape, arguments, results);
    return [&]<class... Out, std::size_t... I>(std::tuple<Out...>, std::index_sequence<I...>) {
      return typename arrays_of<Stored>::type{array_of<Out>(std::move(results[I]))...};
    }(Stored{}, std::make_index_sequence<std::tuple_size_v<Stored>>{});
  }
}

}  // namespace BUSFARE_TU
}  // namespace detail

// ---- operations of reductions
// ------------------------------------------------------------------------------------

/// An operation of a reduction: associative and commutative, an empty type, called with two values.
/// `identity` is the value for nothing; without one, reducing an empty array is an error.
struct plus_t {
  static constexpr const char* name = "plus";
  template <class T> static constexpr T identity() { return T(0); }
  auto operator()(auto a, auto b) const { return a + b; }
};
struct times_t {
  static constexpr const char* name = "times";
  template <class T> static constexpr T identity() { return T(1); }
  auto operator()(auto a, auto b) const { return a * b; }
};
struct min_t {
  static constexpr const char* name = "min";
  auto operator()(auto a, auto b) const { return busfare::min(a, b); }
};
struct max_t {
  static constexpr const char* name = "max";
  auto operator()(auto a, auto b) const { return busfare::max(a, b); }
};
inline constexpr plus_t plus{};
inline constexpr times_t times{};
inline constexpr min_t minimum{};
inline constexpr max_t maximum{};

namespace detail {

struct widen {
  auto operator()(auto v) const { return +v; }
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
  if constexpr (n == 1)
    ids = {result_symbol<T>(r)...};
  else
    std::apply([&](const auto&... each) { ids = {result_symbol<T>(each)...}; }, r);
  fold_kernel k{
      &fold_entries<Op, T...>::code, trace.finish(ids, types), {types.begin(), types.end()}, {}, "fold"};
  if constexpr (requires { Op::name; }) k.name = Op::name;
  if constexpr (n == 1 && (requires { Op::template identity<T>(); } && ...)) {
    const auto put = [&]<class U>(U x) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &x, sizeof x);
      k.identity.push_back(bits);
    };
    (put(Op::template identity<T>()), ...);
  }
  return k;
}

template <class Op, class... T> const fold_kernel& fold_of(source_line line) {
  static const fold_kernel kernel = make_fold<Op, T...>(line);
  return kernel;
}

template <class Op, class T>
array<compute_t<T>> record_reduce(const options& how, source_line line, const array<T>& x) {
  check_kernel<Op>();
  using C = compute_t<T>;
  if constexpr (std::is_empty_v<Op>) {
    static_assert(std::is_invocable_v<Op, scalar<C>, scalar<C>>,
                  "busfare: the operation of a reduction takes two values");
    if constexpr (!std::is_same_v<C, T>) {
      // Narrow elements are widened first; the map fuses with the reduction.
      return record_reduce<Op>(how, line, record<widen>(how, line, nullptr, std::tuple<>{}, x));
    } else {
      const array_handle in[] = {handle_of(x)};
      array_handle out[1];
      record_fold(fold_of<Op, C>(line), how, line, in, out);
      return array_of<C>(std::move(out[0]));
    }
  }
}

template <bool Least, class T>
array<std::uint64_t> record_arg(const options& how, source_line line, const array<T>& x) {
  const auto [v, i] = record<with_index>(how, line, nullptr, std::tuple<index_argument<0, 1>>{}, x);
  const array_handle in[] = {handle_of(v), handle_of(i)};
  array_handle out[2];
  record_fold(fold_of<arg_extreme<Least>, compute_t<T>, std::uint64_t>(line), how, line, in, out);
  return array_of<std::uint64_t>(std::move(out[1]));
}

}  // namespace BUSFARE_TU
}  // namespace detail

// ---- the algorithms
// ---------------------------------------------------------------------------------------------- The
// recording line cannot follow a parameter pack, so each arity is spelled out, with and without options.

#define BUSFARE_ARITIES(ROW)                                                                                \
  ROW((class A), (A a), (a))                                                                                \
  ROW((class A, class B), (A a, B b), (a, b))                                                               \
  ROW((class A, class B, class C), (A a, B b, C c), (a, b, c))                                              \
  ROW((class A, class B, class C, class D), (A a, B b, C c, D d), (a, b, c, d))                             \
  ROW((class A, class B, class C, class D, class E), (A a, B b, C c, D d, E e), (a, b, c, d, e))            \
  ROW((class A, class B, class C, class D, class E, class G), (A a, B b, C c, D d, E e, G g),               \
      (a, b, c, d, e, g))                                                                                   \
  ROW((class A, class B, class C, class D, class E, class G, class H), (A a, B b, C c, D d, E e, G g, H h), \
      (a, b, c, d, e, g, h))                                                                                \
  ROW((class A, class B, class C, class D, class E, class G, class H, class I),                             \
      (A a, B b, C c, D d, E e, G g, H h, I i), (a, b, c, d, e, g, h, i))
#define BUSFARE_UNWRAP(...) __VA_ARGS__
#define BUSFARE_ROW(types, parameters, names)                                                                \
  /** Applies the kernel to every element. Arrays have equal extents, or rank 0 (broadcast). */              \
  template <class F, BUSFARE_UNWRAP types>                                                                   \
  auto map(F, BUSFARE_UNWRAP parameters, source_line line = source_line::here()) {                           \
    return detail::record<F>(options{}, line, nullptr, std::tuple<>{}, BUSFARE_UNWRAP names);                \
  }                                                                                                          \
  template <class F, BUSFARE_UNWRAP types>                                                                   \
  auto map(const options& how, F, BUSFARE_UNWRAP parameters, source_line line = source_line::here()) {       \
    return detail::record<F>(how, line, nullptr, std::tuple<>{}, BUSFARE_UNWRAP names);                      \
  }                                                                                                          \
  /** map and reduce in one pass; no intermediate array. */                                                  \
  template <class F, class Op, BUSFARE_UNWRAP types>                                                         \
  auto map_reduce(F, Op, BUSFARE_UNWRAP parameters, source_line line = source_line::here()) {                \
    return detail::record_reduce<Op>(                                                                        \
        options{}, line, detail::record<F>(options{}, line, nullptr, std::tuple<>{}, BUSFARE_UNWRAP names)); \
  }                                                                                                          \
  template <class F, class Op, BUSFARE_UNWRAP types>                                                         \
  auto map_reduce(const options& how, F, Op, BUSFARE_UNWRAP parameters,                                      \
                  source_line line = source_line::here()) {                                                  \
    return detail::record_reduce<Op>(                                                                        \
        how, line, detail::record<F>(how, line, nullptr, std::tuple<>{}, BUSFARE_UNWRAP names));             \
  }
BUSFARE_ARITIES(BUSFARE_ROW)
#undef BUSFARE_ROW
#undef BUSFARE_UNWRAP
#undef BUSFARE_ARITIES

namespace detail {
inline namespace BUSFARE_TU {
template <int Rank, class F, class... A>
auto record_generate(const options& how, source_line line, const extents& shape, const A&... a) {
  using leading = std::conditional_t<
      Rank == 1, std::tuple<index_argument<0, 1>>,
      std::conditional_t<Rank == 2, std::tuple<index_argument<0, 2>, index_argument<1, 2>>,
                         std::tuple<index_argument<0, 3>, index_argument<1, 3>, index_argument<2, 3>>>>;
  return record<F>(how, line, &shape, leading{}, a...);
}
// The kernel's parameter count decides the rank; it must be the rank of the extents.
template <class F, class... A>
auto generate_any(const options& how, source_line line, const extents& shape, const A&... a) {
  check_kernel<F>();
  if constexpr (std::is_empty_v<F> && std::is_class_v<F>) {
    constexpr auto takes = []<std::size_t... I>(std::index_sequence<I...>) {
      return std::is_invocable_v<F, std::conditional_t<(I < 99), scalar<std::int64_t>, void>...,
                                 typename seen<scalar_reading, typename argument_traits<A>::kind>::type...>;
    };
    constexpr int rank = takes(std::make_index_sequence<1>{})   ? 1
                         : takes(std::make_index_sequence<2>{}) ? 2
                                                                : 3;
    static_assert(takes(std::make_index_sequence<rank>{}),
                  "busfare: the kernel of bf::generate takes one index per axis, slowest first, and then one "
                  "parameter per further argument");
    if (shape.rank() != rank) {
      throw error(error_class::invalid_argument,
                  "the kernel takes " + std::to_string(rank) + " indices, the extents have rank " +
                      std::to_string(shape.rank()),
                  line);
    }
    return record_generate<rank, F>(how, line, shape, a...);
  }
}
}  // namespace BUSFARE_TU
}  // namespace detail

#define BUSFARE_ROW(types, parameters, names)                                                                \
  /** The kernel gets the indices of its element (i64, slowest axis first), then the further arguments. */   \
  template <class F BUSFARE_UNWRAP types>                                                                    \
  auto generate(const extents& shape, F BUSFARE_UNWRAP parameters, source_line line = source_line::here()) { \
    return detail::generate_any<F>(options{}, line, shape BUSFARE_UNWRAP names);                             \
  }                                                                                                          \
  template <class F BUSFARE_UNWRAP types>                                                                    \
  auto generate(const options& how, const extents& shape, F BUSFARE_UNWRAP parameters,                       \
                source_line line = source_line::here()) {                                                    \
    return detail::generate_any<F>(how, line, shape BUSFARE_UNWRAP names);                                   \
  }
#define BUSFARE_UNWRAP(...) __VA_ARGS__
BUSFARE_ROW((), (), ())
BUSFARE_ROW((, class A), (, A a), (, a))
BUSFARE_ROW((, class A, class B), (, A a, B b), (, a, b))
BUSFARE_ROW((, class A, class B, class C), (, A a, B b, C c), (, a, b, c))
BUSFARE_ROW((, class A, class B, class C, class D), (, A a, B b, C c, D d), (, a, b, c, d))
#undef BUSFARE_ROW
#undef BUSFARE_UNWRAP

/// One value (rank 0) by the fixed tree: the same bits for any number of threads, on every device.
template <class Op, storable T> auto reduce(Op, const array<T>& x, source_line line = source_line::here()) {
  return detail::record_reduce<Op>(options{}, line, x);
}
template <class Op, storable T>
auto reduce(const options& how, Op, const array<T>& x, source_line line = source_line::here()) {
  return detail::record_reduce<Op>(how, line, x);
}
/// Accumulates in the compute type; the sum of nothing is +0.
template <storable T> auto sum(const array<T>& x, source_line line = source_line::here()) {
  return reduce(plus, x, line);
}
template <storable T>
auto sum(const options& how, const array<T>& x, source_line line = source_line::here()) {
  return reduce(how, plus, x, line);
}

/// u64, rank 0: the lowest flat index of the least value. NaNs are skipped; index 0 where all are NaN.
template <storable T> array<std::uint64_t> argmin(const array<T>& x, source_line line = source_line::here()) {
  return detail::record_arg<true>(options{}, line, x);
}
template <storable T>
array<std::uint64_t> argmin(const options& how, const array<T>& x, source_line line = source_line::here()) {
  return detail::record_arg<true>(how, line, x);
}
/// As argmin, of the greatest value.
template <storable T> array<std::uint64_t> argmax(const array<T>& x, source_line line = source_line::here()) {
  return detail::record_arg<false>(options{}, line, x);
}
template <storable T>
array<std::uint64_t> argmax(const options& how, const array<T>& x, source_line line = source_line::here()) {
  return detail::record_arg<false>(how, line, x);
}

}  // namespace busfare
