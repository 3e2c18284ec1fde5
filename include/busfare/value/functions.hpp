// The functions of kernels: select, min, max, casts, whole tables, and the loops.
#pragma once

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/value/definitions.hpp>
#include <busfare/value/operators.hpp>

BUSFARE_FLATTEN_BEGIN
namespace busfare {

/// condition ? a : b for every element. Both arms are evaluated; they are pure and total.
template <detail::operand M, detail::operand A, detail::operand B>
auto select(const M& condition, const A& a, const B& b) {
  using T = detail::result_element<A, B>;
  using RC = std::conditional_t<detail::kernel_value<M>, detail::reading_t<M>, scalar_reading>;
  using R = detail::join_t<RC, detail::result_reading<A, B>>;
  return detail::operations<R>::select(detail::to_mask<R>(condition), detail::to<T, R>(a),
                                       detail::to<T, R>(b));
}

/// abs(MIN) = MIN.
template <detail::kernel_value A> auto abs(const A& a) {
  using R = detail::reading_t<A>;
  return detail::operations<R>::abs(detail::to<detail::element_t<A>, R>(a));
}

// A NaN is ignored beside a number; -0 < +0.
#define BUSFARE_EXTREME(name)                                    \
  template <class A, class B>                                    \
  requires detail::operands<A, B>                                \
  auto name(const A& a, const B& b) {                            \
    using T = detail::result_element<A, B>;                      \
    using R = detail::result_reading<A, B>;                      \
    const auto x = detail::to<T, R>(a), y = detail::to<T, R>(b); \
    if constexpr (std::is_same_v<R, symbol_reading>)             \
      return detail::operations<R>::name(x, y);                  \
    else                                                         \
      return detail::name##_definition(x, y);                    \
  }
BUSFARE_EXTREME(min)
BUSFARE_EXTREME(max)
#undef BUSFARE_EXTREME

// Floats stay as they are; integers convert to f64.
#define BUSFARE_REAL_FUNCTION(name, call)                                                                 \
  template <detail::kernel_value A> auto name(const A& a) {                                               \
    using T = std::conditional_t<std::is_integral_v<detail::element_t<A>>, double, detail::element_t<A>>; \
    using R = detail::reading_t<A>;                                                                       \
    const auto x = detail::to<T, R>(a);                                                                   \
    if constexpr (std::is_same_v<R, symbol_reading>)                                                      \
      return detail::operations<R>::name(x);                                                              \
    else                                                                                                  \
      return call(x);                                                                                     \
  }
/// Rounds down.
BUSFARE_REAL_FUNCTION(floor, detail::operations<R>::floor)
/// Correctly rounded; NaN below zero.
BUSFARE_REAL_FUNCTION(sqrt, detail::operations<R>::sqrt)
/// e to the x. At most 2 ULP.
BUSFARE_REAL_FUNCTION(exp, detail::exp_definition)
/// Natural logarithm. At most 2 ULP; log(0) = -inf, NaN below zero.
BUSFARE_REAL_FUNCTION(log, detail::log_definition)
/// The standard normal distribution function. At most 8 ULP.
BUSFARE_REAL_FUNCTION(normal_cdf, detail::normal_cdf_definition)
#undef BUSFARE_REAL_FUNCTION

/// a*b + c, rounded once. Nothing else is ever contracted.
template <detail::operand A, detail::operand B, detail::operand C>
requires(detail::kernel_value<A> || detail::kernel_value<B> ||
         detail::kernel_value<C>) auto fma(const A& a, const B& b, const C& c) {
  using T = common_t<detail::result_element<A, B>, detail::element_t<C>>;
  using R = detail::join_t<detail::result_reading<A, B>, detail::reading_t<C>>;
  static_assert(std::is_floating_point_v<T>, "busfare: fma takes floats");
  return detail::operations<R>::fma(detail::to<T, R>(a), detail::to<T, R>(b), detail::to<T, R>(c));
}

/// Floats to integers truncate and saturate, NaN gives 0; integers wrap.
template <computable T, detail::operand A> auto cast(const A& a) {
  return detail::to<T, detail::reading_t<A>>(a);
}

/// The same bits as another type of the same size. NaNs become the quiet positive one first.
template <computable T, detail::kernel_value A> auto bit_cast(const A& a) {
  using E = detail::element_t<A>;
  using R = detail::reading_t<A>;
  static_assert(sizeof(T) == sizeof(E), "busfare: bit_cast needs types of equal size");
  const auto x = detail::to<E, R>(a);
  if constexpr (std::is_floating_point_v<E>) {
    return detail::operations<R>::template bit_cast<T>(detail::operations<R>::select(
        detail::operations<R>::eq(x, x), x, detail::operations<R>::broadcast(detail::quiet_nan<E>())));
  } else {
    return detail::operations<R>::template bit_cast<T>(x);
  }
}

/// What `t[i]` does: any integer index, clamped to the table; an empty table reads 0.
template <class T, class R, detail::operand I> auto table_at(const table<T, R>& t, const I& i) {
  static_assert(std::is_integral_v<detail::element_t<I>>, "busfare: a table is indexed by integers");
  using S = detail::reading_t<I>;
  if constexpr (std::is_same_v<R, symbol_reading>) {
    return detail::operations<R>::lookup(t, detail::to<std::int64_t, R>(i));
  } else {
    return detail::operations<R>::lookup(t, detail::to<std::int64_t, S>(i));
  }
}

/// Several values carried through a loop.
template <detail::operand... S> std::tuple<S...> state(const S&... s) { return {s...}; }

namespace detail {

template <class S> struct is_state : std::false_type {};
template <class... S> struct is_state<std::tuple<S...>> : std::true_type {};

template <class S> auto as_state(const S& s) {
  if constexpr (is_state<S>::value)
    return s;
  else
    return std::tuple<S>(s);
}

template <class R, class Tuple> struct all_readings;
template <class R, class... S> struct all_readings<R, std::tuple<S...>> { using type = R; };
template <class R, class S, class... Rest> struct all_readings<R, std::tuple<S, Rest...>> {
  using type = typename all_readings<join_t<R, reading_t<S>>, std::tuple<Rest...>>::type;
};

// The state with the elements that the first state fixed, in reading R.
template <class R, class Tuple, class Elements, std::size_t... K>
auto promote(const Tuple& s, std::index_sequence<K...>) {
  return std::tuple<value<std::tuple_element_t<K, Elements>, R>...>(
      to<std::tuple_element_t<K, Elements>, R>(std::get<K>(s))...);
}

template <class Tuple> struct elements_of;
template <class... S> struct elements_of<std::tuple<S...>> { using type = std::tuple<element_t<S>...>; };

template <class A, class B>
inline constexpr bool same_elements =
    std::is_same_v<typename elements_of<A>::type, typename elements_of<B>::type>;

// Unpacks the state for the user's function; `more` is the trip number of a fold, or nothing.
template <class F, class Tuple, class... More>
auto call_with(const F& f, const Tuple& s, const More&... more) {
  return [&]<std::size_t... K>(std::index_sequence<K...>) { return f(std::get<K>(s)..., more...); }
  (std::make_index_sequence<std::tuple_size_v<Tuple>>{});
}

template <class R, class Step, class Tuple, class... More>
auto step_state(const Step& step, const Tuple& s, const More&... more) {
  auto raw = as_state(call_with(step, s, more...));
  using Raw = decltype(raw);
  static_assert(std::tuple_size_v<Raw> == std::tuple_size_v<Tuple>,
                "busfare: the step of a loop must return as many values as its first state has");
  if constexpr (std::tuple_size_v<Raw> == std::tuple_size_v<Tuple>) {
    static_assert(
        same_elements<Raw, Tuple>,
        "busfare: the step of a loop changes the type of its state; the first state fixes the types: cast "
        "there or in the step with bf::cast");
  }
  return promote<R, Raw, typename elements_of<Tuple>::type>(
      raw, std::make_index_sequence<std::tuple_size_v<Raw>>{});
}

// Where neither the first state nor the limit tells the reading, one step on scalars does.
template <class R, class Tuple, class Elements, class Step, class... More> auto reading_after_step() {
  if constexpr (!std::is_same_v<R, scalar_reading>) {
    return R{};
  } else {
    using First = decltype(promote<scalar_reading, Tuple, Elements>(
        std::declval<Tuple>(), std::make_index_sequence<std::tuple_size_v<Tuple>>{}));
    using Raw =
        decltype(as_state(call_with(std::declval<Step>(), std::declval<First>(), std::declval<More>()...)));
    return typename all_readings<R, Raw>::type{};
  }
}

template <class Tuple> auto unwrap(const Tuple& s) {
  if constexpr (std::tuple_size_v<Tuple> == 1)
    return std::get<0>(s);
  else
    return s;
}

template <class R, class Mask, class Tuple, std::size_t... K>
Tuple blend(const Mask& active, const Tuple& next, const Tuple& old, std::index_sequence<K...>) {
  return Tuple(operations<R>::select(active, std::get<K>(next), std::get<K>(old))...);
}

struct no_condition {};

// One loop for both: Cond is no_condition for a fold, whose step also takes the trip number.
template <class R, class Limit, class Tuple, class Cond, class Step>
Tuple run_loop(const Limit& limit, Tuple s, const Cond& cond, const Step& step) {
  constexpr bool folds = std::is_same_v<Cond, no_condition>;
  constexpr auto all = std::make_index_sequence<std::tuple_size_v<Tuple>>{};
  using O = operations<R>;
  if constexpr (std::is_same_v<R, symbol_reading>) {
    constexpr std::size_t n = std::tuple_size_v<Tuple>;
    const symbol_id end = to<std::int64_t, R>(limit).id;
    symbol_id states[n], results[n], index;
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      const symbol_id start[] = {std::get<K>(s).id...};
      const value_type types[] = {value_type_of<typename std::tuple_element_t<K, Tuple>::element>()...};
      trace_loop_begin(end, start, types, states, folds ? &index : nullptr);
      try {
        const Tuple inside(std::tuple_element_t<K, Tuple>{states[K]}...);
        symbol_id condition;
        Tuple next = inside;
        if constexpr (folds) {
          next = step_state<R>(step, inside, symbol<std::int64_t>{index});
        } else {
          condition = to_mask<R>(call_with(cond, inside)).id;
          next = step_state<R>(step, inside);
        }
        const symbol_id after[] = {std::get<K>(next).id...};
        trace_loop_finish(condition, after, results);
      } catch (...) {
        trace_loop_abandon();
        throw;
      }
      s = Tuple(std::tuple_element_t<K, Tuple>{results[K]}...);
    }
    (all);
    return s;
  } else if constexpr (std::is_same_v<reading_t<Limit>, scalar_reading>) {
    const std::int64_t end = to<std::int64_t, scalar_reading>(limit).v;
    if constexpr (folds) {
      for (std::int64_t i = 0; i < end; ++i) s = step_state<R>(step, s, scalar<std::int64_t>{i});
    } else if constexpr (std::is_same_v<R, scalar_reading>) {
      for (std::int64_t i = 0; i < end && to_mask<R>(call_with(cond, s)).v; ++i) s = step_state<R>(step, s);
    } else {
      if (end <= 0) return s;
      auto active = to_mask<R>(call_with(cond, s));
      for (std::int64_t i = 0;;) {
        if (!O::any(active)) break;
        s = blend<R>(active, step_state<R>(step, s), s, all);
        if (++i >= end) break;
        active = O::land(active, to_mask<R>(call_with(cond, s)));
      }
    }
    return s;
  } else {
    // Every lane has its own limit.
    const auto end = to<std::int64_t, R>(limit);
    for (std::int64_t i = 0;; ++i) {
      auto active = O::lt(O::broadcast(i), end);
      if (!O::any(active)) break;
      if constexpr (folds) {
        s = blend<R>(active, step_state<R>(step, s, scalar<std::int64_t>{i}), s, all);
      } else {
        // A lane that has ended keeps its state, so that its condition stays false.
        const auto go = O::land(active, to_mask<R>(call_with(cond, s)));
        if (!O::any(go)) break;
        s = blend<R>(go, step_state<R>(step, s), s, all);
      }
    }
    return s;
  }
}

template <class Limit, class S, class Cond, class Step, class... More>
auto loop(const Limit& limit, const S& first, const Cond& cond, const Step& step, const More&...) {
  static_assert(std::is_integral_v<element_t<Limit>>, "busfare: the limit of a loop is an integer");
  const auto raw = as_state(first);
  using Raw = std::remove_cvref_t<decltype(raw)>;
  using Elements = typename elements_of<Raw>::type;
  using Known = typename all_readings<reading_t<Limit>, Raw>::type;
  using R = decltype(reading_after_step<Known, Raw, Elements, Step, More...>());
  return unwrap(run_loop<R>(
      limit, promote<R, Raw, Elements>(raw, std::make_index_sequence<std::tuple_size_v<Raw>>{}), cond, step));
}

}  // namespace detail

/// Repeats `step` while `while_cond` holds, at most `max` times; tested before each step. `first` is a value
/// or bf::state(...); both functions take its values and `step` returns the next ones. Ended lanes keep their
/// state bit for bit. The first state fixes the types. Both functions may capture.
template <detail::operand Max, class S, class Cond, class Step>
auto iterate(const Max& max, const S& first, const Cond& while_cond, const Step& step) {
  return detail::loop(max, first, while_cond, step);
}

/// Applies `step(values..., i)` for i = 0 .. n-1 (i is i64). n <= 0 gives `first`.
template <detail::operand N, class S, class Step> auto fold(const N& n, const S& first, const Step& step) {
  return detail::loop(n, first, detail::no_condition{}, step, scalar<std::int64_t>{0});
}

}  // namespace busfare
BUSFARE_FLATTEN_END
