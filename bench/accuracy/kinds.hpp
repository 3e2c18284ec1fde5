// Operands that are hard for functions: near their zeros, their ends, and where arguments are reduced.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

#include "accuracy/hard_values.hpp"

namespace busfare::accuracy {

/// One operand: the arguments that come nearest to a multiple of pi/2 (Kahan; Muller), then `n` of each of
/// six kinds. Nothing for integers.
template <class T> std::vector<T> kinds_of_one(std::uint64_t seed, std::size_t n) {
  std::vector<T> x;
  if constexpr (std::is_floating_point_v<T>) {
    constexpr T end = sizeof(T) == 4 ? T(110) : T(760), quarter_turn = T(0.78539816339744830962);
    if (n > 0) {
      for (const double each : {0x1.6ac5b262ca1ffp+849, 0x1.6ac5b262ca1ffp+850, 0x1.7ffffffffff8p+30, 0x1p30,
                                0x1.fffffffffffffp+29, 0x1.921fb54442d18p+1, 0x1.f37428p+95, 0x1.fffffep+127,
                                0x1p16, 0x1.fffffep+15, 0x1.921fb6p+1, 0x1.fffffffffffffp+1023}) {
        // What is beyond T is left out.
        if (each <= static_cast<double>(std::numeric_limits<T>::max())) x.push_back(static_cast<T>(each));
      }
    }
    std::mt19937_64 draw(seed);
    std::uniform_real_distribution<T> near(T(-2), T(2)), ends(-end, end), far_out(T(-1e6), T(1e6));
    for (std::size_t i = 0; i < n; ++i) {
      x.push_back(near(draw));
      x.push_back(ends(draw));
      x.push_back(far_out(draw));
      x.push_back(std::ldexp(near(draw), -static_cast<int>(draw() % 40)));
      x.push_back(1 + std::ldexp(near(draw), -static_cast<int>(draw() % std::numeric_limits<T>::digits)));
      const int turns = static_cast<int>(draw() % 4000) - 2000, off = static_cast<int>(draw() % 9) - 4;
      x.push_back(static_cast<T>(turns) * quarter_turn *
                  (1 + std::numeric_limits<T>::epsilon() * static_cast<T>(off)));
    }
  }
  return x;
}

/// Pairs, `n` of each of six kinds: bases and exponents, whole exponents, bases near 1, sides of very
/// different size, numbers that nearly cancel. Nothing for integers.
template <class T> std::vector<std::vector<T>> kinds_of_two(std::uint64_t seed, std::size_t n) {
  std::vector<std::vector<T>> x(2);
  if constexpr (std::is_floating_point_v<T>) {
    std::mt19937_64 draw(seed);
    std::uniform_real_distribution<T> near(T(-3), T(3)), far_out(T(-40), T(40));
    const auto add = [&](T a, T b) {
      x[0].push_back(a);
      x[1].push_back(b);
    };
    // Operands of a call would be drawn in an order of the compiler's.
    for (std::size_t i = 0; i < n; ++i) {
      const T a = near(draw), b = near(draw), c = far_out(draw);
      const int e = static_cast<int>(draw() % 250) - 125, off = static_cast<int>(draw() % 9) - 4;
      add(a, b);
      add(std::fabs(a), c);
      add(b, std::trunc(c));
      add(1 + a / 64, c * 1000);
      add(std::ldexp(std::fabs(b), e), a);
      add(c, -c * (1 + std::numeric_limits<T>::epsilon() * static_cast<T>(off)));
    }
  }
  return x;
}

/// All operands of a sample: hard values crossed, `random` ones, and `each_kind` of each kind.
template <class T>
std::vector<std::vector<T>> drawn_operands(int arity, std::uint64_t seed, std::size_t random,
                                           std::size_t each_kind) {
  std::vector<std::vector<T>> x = operands<T>(arity, seed, random);
  const std::uint64_t other = seed ^ 0x9e3779b97f4a7c15u;
  std::vector<std::vector<T>> more;
  if (arity == 2) {
    more = kinds_of_two<T>(other, each_kind);
  } else {
    // Three operands in one order: the kinds meet themselves.
    for (int k = 0; k < arity; ++k) {
      more.push_back(kinds_of_one<T>(other + static_cast<std::uint64_t>(k), each_kind));
    }
  }
  for (std::size_t k = 0; k < x.size(); ++k) x[k].insert(x[k].end(), more[k].begin(), more[k].end());
  return x;
}

}  // namespace busfare::accuracy
