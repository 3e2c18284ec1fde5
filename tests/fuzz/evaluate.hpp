// What a program means, computed one element at a time with the scalar reading: the fuzzers' reference.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <busfare/busfare.hpp>

#include "fuzz.hpp"

namespace fuzz {

using busfare::op;
using busfare::program;
using busfare::program_node;
using busfare::type;
using busfare::value_type;

/// The bits of a value, in the low bytes; masks are 0 or 1.
using bits = std::uint64_t;

template <class T> bits bits_of(T x) {
  bits b = 0;
  std::memcpy(&b, &x, sizeof x);
  return b;
}
template <class T> T from_bits(bits b) {
  T x;
  std::memcpy(&x, &b, sizeof x);
  return x;
}

/// Calls f with a value of the C++ type of `t`, which is not a mask.
template <class F> auto with_type(value_type t, F f) {
  switch (t) {
    case value_type::f32:
      return f(float{});
    case value_type::f64:
      return f(double{});
    case value_type::i32:
      return f(std::int32_t{});
    case value_type::u32:
      return f(std::uint32_t{});
    case value_type::i64:
      return f(std::int64_t{});
    default:
      return f(std::uint64_t{});
  }
}

/// A stored element as a kernel sees it after a store and a load: narrow integers wrap, f16 rounds.
inline bits through_memory(bits b, type t) {
  switch (t) {
    case type::u8:
      return b & 0xff;
    case type::u16:
      return b & 0xffff;
    case type::i8:
      return bits_of(std::int32_t{static_cast<std::int8_t>(b)});
    case type::i16:
      return bits_of(std::int32_t{static_cast<std::int16_t>(b)});
    case type::f16:
      return bits_of(
          busfare::detail::half_rounded<false>(busfare::scalar<float>{from_bits<float>(b & 0xffffffffu)}).v);
    default:
      return busfare::size_of(t) == 4 ? b & 0xffffffffu : b;
  }
}

/// Equal, where all NaNs are one.
inline bool equal_bits(bits a, bits b, value_type t) {
  if (a == b) return true;
  if (t == value_type::f32)
    return from_bits<float>(a) != from_bits<float>(a) && from_bits<float>(b) != from_bits<float>(b);
  if (t == value_type::f64)
    return from_bits<double>(a) != from_bits<double>(a) && from_bits<double>(b) != from_bits<double>(b);
  return false;
}

/// One row of the vocabulary on operands of type `from`, giving `to`.
inline bits apply(op o, value_type from, value_type to, std::array<bits, 3> x) {
  using namespace busfare;
  using S = detail::operations<scalar_reading>;
  if (o == op::land) return x[0] & x[1];
  if (o == op::lor) return x[0] | x[1];
  if (o == op::lnot) return x[0] ^ 1;
  if (o == op::cast && from == value_type::mask)
    return with_type(to, [&](auto t) { return bits_of(static_cast<decltype(t)>(x[0])); });
  if (o == op::select) return x[0] != 0 ? x[1] : x[2];
  return with_type(from, [&]<class T>(T) -> bits {
    const value<T, scalar_reading> a{from_bits<T>(x[0])}, b{from_bits<T>(x[1])}, c{from_bits<T>(x[2])};
    switch (o) {
      case op::add:
        return bits_of(S::add(a, b).v);
      case op::sub:
        return bits_of(S::sub(a, b).v);
      case op::mul:
        return bits_of(S::mul(a, b).v);
      case op::div:
        return bits_of(S::div(a, b).v);
      case op::neg:
        return bits_of(S::neg(a).v);
      case op::lt:
        return S::lt(a, b).v;
      case op::le:
        return S::le(a, b).v;
      case op::eq:
        return S::eq(a, b).v;
      case op::ne:
        return S::ne(a, b).v;
      case op::min:
        return bits_of(busfare::min(a, b).v);
      case op::max:
        return bits_of(busfare::max(a, b).v);
      case op::abs:
        return bits_of(S::abs(a).v);
      case op::cast:
        return with_type(to, [&]<class To>(To) { return bits_of(S::template cast<To>(a).v); });
      case op::bit_cast:
        return x[0];
      default:
        break;
    }
    if constexpr (std::is_floating_point_v<T>) {
      switch (o) {
        case op::floor:
          return bits_of(S::floor(a).v);
        case op::sqrt:
          return bits_of(S::sqrt(a).v);
        case op::fma:
          return bits_of(S::fma(a, b, c).v);
        case op::exp:
          return bits_of(busfare::exp(a).v);
        case op::log:
          return bits_of(busfare::log(a).v);
        case op::normal_cdf:
          return bits_of(busfare::normal_cdf(a).v);
        case op::exp2:
          return bits_of(busfare::exp2(a).v);
        case op::expm1:
          return bits_of(busfare::expm1(a).v);
        case op::log2:
          return bits_of(busfare::log2(a).v);
        case op::log10:
          return bits_of(busfare::log10(a).v);
        case op::log1p:
          return bits_of(busfare::log1p(a).v);
        case op::sin:
          return bits_of(busfare::sin(a).v);
        case op::cos:
          return bits_of(busfare::cos(a).v);
        case op::tan:
          return bits_of(busfare::tan(a).v);
        case op::asin:
          return bits_of(busfare::asin(a).v);
        case op::acos:
          return bits_of(busfare::acos(a).v);
        case op::atan:
          return bits_of(busfare::atan(a).v);
        case op::sinh:
          return bits_of(busfare::sinh(a).v);
        case op::cosh:
          return bits_of(busfare::cosh(a).v);
        case op::tanh:
          return bits_of(busfare::tanh(a).v);
        case op::cbrt:
          return bits_of(busfare::cbrt(a).v);
        case op::erf:
          return bits_of(busfare::erf(a).v);
        case op::erfc:
          return bits_of(busfare::erfc(a).v);
        case op::atan2:
          return bits_of(busfare::atan2(a, b).v);
        case op::hypot:
          return bits_of(busfare::hypot(a, b).v);
        case op::pow:
          return bits_of(busfare::pow(a, b).v);
        default:
          break;
      }
    } else {
      switch (o) {
        case op::mod:
          return bits_of(S::mod(a, b).v);
        case op::band:
          return bits_of(S::band(a, b).v);
        case op::bor:
          return bits_of(S::bor(a, b).v);
        case op::bxor:
          return bits_of(S::bxor(a, b).v);
        case op::bnot:
          return bits_of(S::bnot(a).v);
        case op::shl:
          return bits_of(S::shl(a, b).v);
        case op::shr:
          return bits_of(S::shr(a, b).v);
        default:
          break;
      }
    }
    require(false, "an operation that this type does not have");
    return 0;
  });
}

/// What the arguments of one element hold.
struct surroundings {
  std::vector<bits> values;               ///< per argument, as loaded; 0 for tables
  std::vector<std::vector<bits>> tables;  ///< per argument, as loaded
  std::array<std::int64_t, 3> index{};
  std::array<std::int64_t, 3> extent{257, 258, 259};
};

inline bits looked_up(const surroundings& s, std::size_t argument, bits index) {
  const std::vector<bits>& t = s.tables[argument];
  if (t.empty()) return 0;
  const auto i = from_bits<std::int64_t>(index);
  return t[i < 0 ? 0 : i < static_cast<std::int64_t>(t.size()) ? static_cast<std::size_t>(i) : t.size() - 1];
}

/// Runs a canonical program for one element.
class evaluation {
 public:
  evaluation(const program& p, const surroundings& s)
      : p_(p), s_(s), at_(p.nodes.size()), states_(p.loops.size()), trip_(p.loops.size()) {
    run(0);
  }
  /// As the kernel computes it, before it is stored.
  [[nodiscard]] bits result(std::size_t k) const { return at_[p_.results[k]]; }

 private:
  // Everything whose innermost loop is `serial`; a loop runs where its node stands.
  void run(std::uint16_t serial) {
    for (std::size_t i = 0; i < p_.nodes.size(); ++i)
      if (p_.nodes[i].loop == serial) at_[i] = compute(p_.nodes[i]);
  }

  bits compute(const program_node& n) {
    switch (n.op) {
      case op::literal:
        return n.bits;
      case op::input:
        return s_.values[n.bits];
      case op::index:
        return bits_of(s_.index[n.bits]);
      case op::extent:
        return bits_of(s_.extent[n.bits]);
      case op::lookup:
        return looked_up(s_, n.bits, at_[n.operand[0]]);
      case op::loop_state:
        return states_[(n.bits >> 8) - 1][n.bits & 0xff];
      case op::loop_index:
        return trip_[(n.bits >> 8) - 1];
      case op::loop:
        repeat(static_cast<std::uint16_t>(n.bits));
        return 0;
      case op::loop_result:
        return states_[p_.nodes[n.operand[0]].bits - 1][n.bits];
      default:
        break;
    }
    std::array<bits, 3> x{};
    for (int k = 0; k < 3; ++k)
      if (n.operand[k] != program_node::none) x[static_cast<std::size_t>(k)] = at_[n.operand[k]];
    return apply(n.op, p_.nodes[n.operand[n.op == op::select ? 1 : 0]].type, n.type, x);
  }

  void repeat(std::uint16_t serial) {
    const busfare::program_loop& l = p_.loops[serial - 1u];
    std::vector<bits> state;
    for (const std::uint32_t n : l.start) state.push_back(at_[n]);
    const auto limit = from_bits<std::int64_t>(at_[l.limit]);
    for (std::int64_t t = 0;; ++t) {
      states_[serial - 1u] = state;
      if (t >= limit) break;
      trip_[serial - 1u] = bits_of(t);
      run(serial);
      if (l.condition != program_node::none && at_[l.condition] == 0) break;
      for (std::size_t k = 0; k < state.size(); ++k) state[k] = at_[l.next[k]];
    }
  }

  const program& p_;
  const surroundings& s_;
  std::vector<bits> at_;
  std::vector<std::vector<bits>> states_;
  std::vector<bits> trip_;
};

}  // namespace fuzz
