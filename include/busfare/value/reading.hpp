// The three ways to read a kernel, and the class template that all of them specialise.
#pragma once

#include <cstdint>
#include <type_traits>

#include <busfare/cpu_code.hpp>
#include <busfare/type.hpp>

namespace busfare {

struct scalar_reading {
};  ///< one element: for checking, and for values that are equal in all lanes of a pack
template <isa I> struct pack_reading {};  ///< as many elements as 4-byte lanes fill a register of `I`
struct symbol_reading {};                 ///< no element: operations are appended to a program

/// What a kernel computes with. T is a compute type.
template <class T, class Reading> struct value;
/// One truth value per element. `Bytes` is the width of the lanes that a pack's mask was made for.
template <class Reading, int Bytes = 4> struct mask;
/// A whole array seen by a kernel; `t[i]` clamps i.
template <class T, class Reading> struct table;

template <class T> using scalar = value<T, scalar_reading>;
template <class T, isa I> using pack = value<T, pack_reading<I>>;
template <class T> using symbol = value<T, symbol_reading>;

namespace detail {

template <class> inline constexpr bool dependent_false = false;

// What an operand is: its compute type and its reading. Numbers are scalars.
template <class A> struct operand_traits { static constexpr bool is_value = false, is_mask = false; };
template <number N> struct operand_traits<N> {
  static constexpr bool is_value = false, is_mask = false;
  using element = compute_t<N>;
  using reading = scalar_reading;
};
template <class T, class R> struct operand_traits<value<T, R>> {
  static constexpr bool is_value = true, is_mask = false;
  using element = T;
  using reading = R;
};
template <class R, int B> struct operand_traits<mask<R, B>> {
  static constexpr bool is_value = true, is_mask = true;
  using element = std::int32_t;
  using reading = R;
};

template <class A>
concept operand = requires {
  typename operand_traits<std::remove_cvref_t<A>>::element;
};
template <class A>
concept kernel_value = operand_traits<std::remove_cvref_t<A>>::is_value;
template <class A>
concept kernel_mask = operand_traits<std::remove_cvref_t<A>>::is_mask;

template <class A> using element_t = typename operand_traits<std::remove_cvref_t<A>>::element;
template <class A> using reading_t = typename operand_traits<std::remove_cvref_t<A>>::reading;

template <class R, class S> struct join {
  static_assert(dependent_false<R>, "busfare: values of different readings were mixed in one expression");
};
template <class R> struct join<R, R> { using type = R; };
template <class R>
requires(!std::is_same_v<R, scalar_reading>) struct join<R, scalar_reading> {
  using type = R;
};
template <class R>
requires(!std::is_same_v<R, scalar_reading>) struct join<scalar_reading, R> {
  using type = R;
};
template <class R, class S> using join_t = typename join<R, S>::type;

// The operations of one reading: one static function per exact row of the vocabulary.
template <class Reading> struct operations;

}  // namespace detail

// A symbol has no truth value, so no reading has one: a kernel that a GPU could not run does not compile
// anywhere.
#define BUSFARE_NO_TRUTH_VALUE                                                                           \
  template <class Dependent = bool> explicit operator bool() const {                                     \
    static_assert(                                                                                       \
        detail::dependent_false<Dependent>,                                                              \
        "busfare: a kernel's value has no truth value here: use bf::select(condition, a, b) instead of " \
        "if or ?:, bf::iterate instead of while");                                                       \
    return false;                                                                                        \
  }

// A table is read by `t[i]`; see table_at in functions.hpp.
#define BUSFARE_TABLE_ACCESS \
  template <class Index> auto operator[](const Index& i) const { return table_at(*this, i); }

}  // namespace busfare
