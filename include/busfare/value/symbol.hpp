// The third reading: every operation is appended to the program being traced.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include <busfare/value/reading.hpp>
#include <busfare/value/trace.hpp>

namespace busfare {

template <class T> struct value<T, symbol_reading> {
  using element = T;
  detail::symbol_id id;
  BUSFARE_NO_TRUTH_VALUE
};

template <int Bytes> struct mask<symbol_reading, Bytes> {
  detail::symbol_id id;
  BUSFARE_NO_TRUTH_VALUE
};

template <class T> struct table<T, symbol_reading> {
  using element = compute_t<T>;
  using reading = symbol_reading;
  int argument;
  BUSFARE_TABLE_ACCESS
};

namespace detail {

template <computable T> constexpr value_type value_type_of() { return value_of(type_of<T>()); }

template <> struct operations<symbol_reading> {
  template <class T> using V = value<T, symbol_reading>;
  using M = mask<symbol_reading>;

  template <class T> static V<T> broadcast(T x) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &x, sizeof x);
    return {trace_literal(value_type_of<T>(), bits)};
  }

#define BUSFARE_BINARY(name)                                          \
  template <class T> static V<T> name(const V<T>& a, const V<T>& b) { \
    return {trace_op(op::name, value_type_of<T>(), {a.id, b.id})};    \
  }
#define BUSFARE_UNARY(name)                                  \
  template <class T> static V<T> name(const V<T>& a) {       \
    return {trace_op(op::name, value_type_of<T>(), {a.id})}; \
  }
#define BUSFARE_COMPARISON(name)                                   \
  template <class T> static M name(const V<T>& a, const V<T>& b) { \
    return {trace_op(op::name, value_type::mask, {a.id, b.id})};   \
  }
  BUSFARE_BINARY(add)
  BUSFARE_BINARY(sub)
  BUSFARE_BINARY(mul)
  BUSFARE_BINARY(div)
  BUSFARE_BINARY(mod)
  BUSFARE_BINARY(band)
  BUSFARE_BINARY(bor)
  BUSFARE_BINARY(bxor)
  BUSFARE_BINARY(shl)
  BUSFARE_BINARY(shr)
  BUSFARE_BINARY(min)
  BUSFARE_BINARY(max)
  BUSFARE_UNARY(neg)
  BUSFARE_UNARY(bnot)
  BUSFARE_UNARY(abs)
  BUSFARE_UNARY(floor)
  BUSFARE_UNARY(sqrt)
  BUSFARE_UNARY(exp)
  BUSFARE_UNARY(log)
  BUSFARE_UNARY(normal_cdf)
  BUSFARE_UNARY(exp2)
  BUSFARE_UNARY(expm1)
  BUSFARE_UNARY(log2)
  BUSFARE_UNARY(log10)
  BUSFARE_UNARY(log1p)
  BUSFARE_UNARY(sin)
  BUSFARE_UNARY(cos)
  BUSFARE_UNARY(tan)
  BUSFARE_UNARY(asin)
  BUSFARE_UNARY(acos)
  BUSFARE_UNARY(atan)
  BUSFARE_UNARY(sinh)
  BUSFARE_UNARY(cosh)
  BUSFARE_UNARY(tanh)
  BUSFARE_UNARY(cbrt)
  BUSFARE_UNARY(erf)
  BUSFARE_UNARY(erfc)
  BUSFARE_BINARY(atan2)
  BUSFARE_BINARY(hypot)
  BUSFARE_BINARY(pow)
  BUSFARE_COMPARISON(lt)
  BUSFARE_COMPARISON(le)
  BUSFARE_COMPARISON(eq)
  BUSFARE_COMPARISON(ne)
#undef BUSFARE_BINARY
#undef BUSFARE_UNARY
#undef BUSFARE_COMPARISON
  static M land(const M& a, const M& b) { return {trace_op(op::land, value_type::mask, {a.id, b.id})}; }
  static M lor(const M& a, const M& b) { return {trace_op(op::lor, value_type::mask, {a.id, b.id})}; }
  static M lnot(const M& a) { return {trace_op(op::lnot, value_type::mask, {a.id})}; }
  template <class T> static V<T> select(const M& m, const V<T>& a, const V<T>& b) {
    return {trace_op(op::select, value_type_of<T>(), {m.id, a.id, b.id})};
  }
  template <class T> static V<T> fma(const V<T>& a, const V<T>& b, const V<T>& c) {
    return {trace_op(op::fma, value_type_of<T>(), {a.id, b.id, c.id})};
  }
  template <class To, class From> static V<To> cast(const V<From>& a) {
    return {trace_op(op::cast, value_type_of<To>(), {a.id})};
  }
  template <class To, class From> static V<To> bit_cast(const V<From>& a) {
    return {trace_op(op::bit_cast, value_type_of<To>(), {a.id})};
  }
  static V<std::int32_t> from_mask(const M& m) {
    return select(m, broadcast(std::int32_t{1}), broadcast(std::int32_t{0}));
  }
  template <class S>
  static V<compute_t<S>> lookup(const table<S, symbol_reading>& t, const V<std::int64_t>& i) {
    return {trace_lookup(t.argument, value_type_of<compute_t<S>>(), i.id)};
  }
};

}  // namespace detail
}  // namespace busfare
