// map, generate, reduce, map_reduce and their shorthands. All record; nothing runs yet.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/detail/folding.hpp>

namespace busfare {

// ---- operations of reductions
// ------------------------------------------------------------------------------------

/// An operation of a reduction is an empty type that is called with two values and returns one; over k arrays
/// it is called with 2k values, the left side's first, and returns a std::tuple of k. It must be associative,
/// up to the rounding that one may accept: which values meet is fixed (docs/same-bits.md), not left to right.
/// An operation may state:
///   static constexpr bool commutes = false;   // absent: true. False: only neighbours meet, in order
///   template <class... T> static constexpr ... identity();  // or without <T...>: the value for nothing, a
///                                             // std::tuple over several arrays. Serves empty arrays only;
///                                             // absent: reducing an empty array throws invalid_argument
///   static constexpr const char* name = "...";  // for plans and messages; absent: "fold"
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

// ---- the algorithms
// ---------------------------------------------------------------------------------------------- The
// recording line cannot follow a parameter pack, so each arity is spelled out, with and without options.

#define BUSFARE_ARITIES(ROW)                                                                                \
  ROW((class A), (const A& a), (a))                                                                         \
  ROW((class A, class B), (const A& a, const B& b), (a, b))                                                 \
  ROW((class A, class B, class C), (const A& a, const B& b, const C& c), (a, b, c))                         \
  ROW((class A, class B, class C, class D), (const A& a, const B& b, const C& c, const D& d), (a, b, c, d)) \
  ROW((class A, class B, class C, class D, class E),                                                        \
      (const A& a, const B& b, const C& c, const D& d, const E& e), (a, b, c, d, e))                        \
  ROW((class A, class B, class C, class D, class E, class G),                                               \
      (const A& a, const B& b, const C& c, const D& d, const E& e, const G& g), (a, b, c, d, e, g))         \
  ROW((class A, class B, class C, class D, class E, class G, class H),                                      \
      (const A& a, const B& b, const C& c, const D& d, const E& e, const G& g, const H& h),                 \
      (a, b, c, d, e, g, h))                                                                                \
  ROW((class A, class B, class C, class D, class E, class G, class H, class I),                             \
      (const A& a, const B& b, const C& c, const D& d, const E& e, const G& g, const H& h, const I& i),     \
      (a, b, c, d, e, g, h, i))
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
  /** map and reduce in one pass; no intermediate array; a kernel that returns a std::tuple gives the arrays \
   * of an operation over several. */                                                                        \
  template <class F, class Op, BUSFARE_UNWRAP types>                                                         \
  auto map_reduce(F, Op, BUSFARE_UNWRAP parameters, source_line line = source_line::here()) {                \
    return detail::record_reduce<Op>(                                                                        \
        options{}, line,                                                                                     \
        detail::record<F, Op>(options{}, line, nullptr, std::tuple<>{}, BUSFARE_UNWRAP names));              \
  }                                                                                                          \
  template <class F, class Op, BUSFARE_UNWRAP types>                                                         \
  auto map_reduce(const options& how, F, Op, BUSFARE_UNWRAP parameters,                                      \
                  source_line line = source_line::here()) {                                                  \
    return detail::record_reduce<Op>(                                                                        \
        how, line, detail::record<F, Op>(how, line, nullptr, std::tuple<>{}, BUSFARE_UNWRAP names));         \
  }
BUSFARE_ARITIES(BUSFARE_ROW)
#undef BUSFARE_ROW

#define BUSFARE_ROW(types, parameters, names)                                                                \
  /** One value (rank 0) by the fixed tree: the same bits for any number of threads, on every device.        \
     Several arrays have equal extents and give a std::tuple of values; see plus_t for what an operation is. \
   */                                                                                                        \
  template <class Op, BUSFARE_UNWRAP types>                                                                  \
  auto reduce(Op, BUSFARE_UNWRAP parameters, source_line line = source_line::here()) {                       \
    return detail::record_reduce<Op>(options{}, line, BUSFARE_UNWRAP names);                                 \
  }                                                                                                          \
  template <class Op, BUSFARE_UNWRAP types>                                                                  \
  auto reduce(const options& how, Op, BUSFARE_UNWRAP parameters, source_line line = source_line::here()) {   \
    return detail::record_reduce<Op>(how, line, BUSFARE_UNWRAP names);                                       \
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
