// The operators of kernels: C++'s usual arithmetic conversions, then the reading's operation.
#pragma once

#include <cstdint>
#include <type_traits>

#include <busfare/value/pack.hpp>
#include <busfare/value/scalar.hpp>
#include <busfare/value/symbol.hpp>

BUSFARE_INLINE_BEGIN
namespace busfare {
namespace detail {

// One pair of operands, at least one of which is a value or a mask.
template <class A, class B>
concept operands = operand<A> && operand<B> &&(kernel_value<A> || kernel_value<B>);

/// Any operand as a value of element T in reading R.
template <class T, class R, class A> value<T, R> to(const A& a) {
  using S = reading_t<A>;
  using E = element_t<A>;
  if constexpr (!kernel_value<A>) {
    return to<T, R>(scalar<E>{static_cast<E>(a)});
  } else if constexpr (kernel_mask<A>) {
    return to<T, R>(operations<S>::from_mask(a));
  } else if constexpr (!std::is_same_v<E, T>) {
    return to<T, R>(operations<S>::template cast<T>(a));
  } else if constexpr (std::is_same_v<R, S>) {
    return a;
  } else {
    static_assert(std::is_same_v<S, scalar_reading>, "busfare: values of different readings were mixed");
    return operations<R>::broadcast(a.v);
  }
}

template <class R, class A> auto to_mask(const A& a) {
  if constexpr (std::is_same_v<A, bool>) {
    return to_mask<R>(mask<scalar_reading>{a});
  } else {
    static_assert(kernel_mask<A>, "busfare: a condition is needed here: compare the value, e.g. x != 0");
    if constexpr (std::is_same_v<reading_t<A>, R>) {
      return a;
    } else if constexpr (std::is_same_v<R, symbol_reading>) {
      return operations<R>::ne(operations<R>::broadcast(std::int32_t{a.v}),
                               operations<R>::broadcast(std::int32_t{0}));
    } else {
      return operations<R>::from_bool(a.v);
    }
  }
}

template <class A, class B> using result_reading = join_t<reading_t<A>, reading_t<B>>;
template <class A, class B> using result_element = common_t<element_t<A>, element_t<B>>;

}  // namespace detail

#define BUSFARE_OPERATOR(sign, name)                                              \
  template <class A, class B>                                                     \
  requires detail::operands<A, B>                                                 \
  auto operator sign(const A& a, const B& b) {                                    \
    using T = detail::result_element<A, B>;                                       \
    using R = detail::result_reading<A, B>;                                       \
    return detail::operations<R>::name(detail::to<T, R>(a), detail::to<T, R>(b)); \
  }
BUSFARE_OPERATOR(+, add)
BUSFARE_OPERATOR(-, sub)
BUSFARE_OPERATOR(*, mul)
BUSFARE_OPERATOR(/, div)
BUSFARE_OPERATOR(<, lt)
BUSFARE_OPERATOR(<=, le)
BUSFARE_OPERATOR(==, eq)
BUSFARE_OPERATOR(!=, ne)
#undef BUSFARE_OPERATOR

template <class A, class B>
requires detail::operands<A, B>
auto operator>(const A& a, const B& b) { return b < a; }
template <class A, class B>
requires detail::operands<A, B>
auto operator>=(const A& a, const B& b) { return b <= a; }

// Integers only. % of floats is bf::fmod's business.
#define BUSFARE_INTEGER_OPERATOR(sign, name)                                                                 \
  template <class A, class B>                                                                                \
  requires detail::operands<A, B>                                                                            \
  auto operator sign(const A& a, const B& b) {                                                               \
    using T = detail::result_element<A, B>;                                                                  \
    using R = detail::result_reading<A, B>;                                                                  \
    static_assert(std::is_integral_v<T>, "busfare: " #sign " takes integers; cast first, or use bf::floor"); \
    return detail::operations<R>::name(detail::to<T, R>(a), detail::to<T, R>(b));                            \
  }
BUSFARE_INTEGER_OPERATOR(%, mod)
#undef BUSFARE_INTEGER_OPERATOR

// On two masks & | ^ stay masks; otherwise they are bits of integers.
#define BUSFARE_BIT_OPERATOR(sign, name, mask_expression)                           \
  template <class A, class B>                                                       \
  requires detail::operands<A, B>                                                   \
  auto operator sign(const A& a, const B& b) {                                      \
    using R = detail::result_reading<A, B>;                                         \
    if constexpr (detail::kernel_mask<A> && detail::kernel_mask<B>) {               \
      const auto x = detail::to_mask<R>(a);                                         \
      const auto y = detail::to_mask<R>(b);                                         \
      using O = detail::operations<R>;                                              \
      return mask_expression;                                                       \
    } else {                                                                        \
      using T = detail::result_element<A, B>;                                       \
      static_assert(std::is_integral_v<T>, "busfare: " #sign " takes integers");    \
      return detail::operations<R>::name(detail::to<T, R>(a), detail::to<T, R>(b)); \
    }                                                                               \
  }
BUSFARE_BIT_OPERATOR(&, band, O::land(x, y))
BUSFARE_BIT_OPERATOR(|, bor, O::lor(x, y))
BUSFARE_BIT_OPERATOR(^, bxor, O::lor(O::land(x, O::lnot(y)), O::land(O::lnot(x), y)))
#undef BUSFARE_BIT_OPERATOR

// As in C++, the left operand's type decides; the count is taken modulo its width.
#define BUSFARE_SHIFT(sign, name)                                                    \
  template <class A, class B>                                                        \
  requires detail::operands<A, B>                                                    \
  auto operator sign(const A& a, const B& b) {                                       \
    using T = detail::element_t<A>;                                                  \
    using R = detail::result_reading<A, B>;                                          \
    static_assert(std::is_integral_v<T> && std::is_integral_v<detail::element_t<B>>, \
                  "busfare: " #sign " takes integers");                              \
    return detail::operations<R>::name(detail::to<T, R>(a), detail::to<T, R>(b));    \
  }
BUSFARE_SHIFT(<<, shl)
BUSFARE_SHIFT(>>, shr)
#undef BUSFARE_SHIFT

template <detail::kernel_value A> auto operator-(const A& a) {
  using R = detail::reading_t<A>;
  return detail::operations<R>::neg(detail::to<detail::element_t<A>, R>(a));
}
template <detail::kernel_value A> auto operator+(const A& a) {
  return detail::to<detail::element_t<A>, detail::reading_t<A>>(a);
}
template <detail::kernel_value A> auto operator~(const A& a) {
  using R = detail::reading_t<A>;
  static_assert(std::is_integral_v<detail::element_t<A>>, "busfare: ~ takes integers");
  return detail::operations<R>::bnot(detail::to<detail::element_t<A>, R>(a));
}

// Both sides are always evaluated; arms are pure, so only their cost can be seen.
template <class A, class B>
requires(detail::kernel_mask<A> || detail::kernel_mask<B>) auto operator&&(const A& a, const B& b) {
  using R = detail::result_reading<A, B>;
  return detail::operations<R>::land(detail::to_mask<R>(a), detail::to_mask<R>(b));
}
template <class A, class B>
requires(detail::kernel_mask<A> || detail::kernel_mask<B>) auto operator||(const A& a, const B& b) {
  using R = detail::result_reading<A, B>;
  return detail::operations<R>::lor(detail::to_mask<R>(a), detail::to_mask<R>(b));
}
template <detail::kernel_mask A> auto operator!(const A& a) {
  return detail::operations<detail::reading_t<A>>::lnot(a);
}

#define BUSFARE_COMPOUND(sign)                                                                               \
  template <class T, class R, detail::operand B> value<T, R>& operator sign##=(value<T, R>& a, const B& b) { \
    static_assert(std::is_same_v<detail::result_element<value<T, R>, B>, T>,                                 \
                  "busfare: " #sign "= would change the value's type; cast the right side first");           \
    return a = detail::to<T, R>(a sign b);                                                                   \
  }
BUSFARE_COMPOUND(+)
BUSFARE_COMPOUND(-)
BUSFARE_COMPOUND(*)
BUSFARE_COMPOUND(/)
BUSFARE_COMPOUND(%)
BUSFARE_COMPOUND(&)
BUSFARE_COMPOUND(|)
BUSFARE_COMPOUND(^)
#undef BUSFARE_COMPOUND

}  // namespace busfare
BUSFARE_INLINE_END
