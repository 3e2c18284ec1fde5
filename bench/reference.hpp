// What results are checked against: bits of the scalar reading, the fixed tree in plain loops, and ULP.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <busfare/cpu_code.hpp>

#include "operation.hpp"

namespace busfare::bench {

/// Deterministic values in [low, high): element i of stream `seed` is a hash of both.
template <class T> std::vector<T> uniform(std::uint64_t n, std::uint64_t seed, T low, T high) {
  std::vector<T> v(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    std::uint64_t x = (i + 1) * 0x9e3779b97f4a7c15u + seed * 0xd1342543de82ef95u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    const double unit = static_cast<double>((x ^ (x >> 31)) >> 40) * 0x1p-24;
    v[i] = static_cast<T>(static_cast<double>(low) + unit * static_cast<double>(high - low));
  }
  return v;
}

/// Same bits; NaNs are equal as NaN.
template <class T> bool same_bits(T a, T b) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (a != a && b != b);
  } else if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (a != a && b != b);
  } else {
    return a == b;
  }
}

/// |x - exact| in units of the last place of T at `exact`.
template <class T> double ulp_distance(T x, long double exact) {
  if (std::isnan(x) || std::isnan(exact)) {
    return std::isnan(x) == std::isnan(exact) ? 0 : std::numeric_limits<double>::infinity();
  }
  if (static_cast<long double>(x) == exact) return 0;
  const T near = std::abs(static_cast<T>(exact));
  const T low = std::max(near, std::numeric_limits<T>::min());
  const T step = std::nextafter(low, std::numeric_limits<T>::infinity()) - low;
  return static_cast<double>(std::abs(static_cast<long double>(x) - exact) / static_cast<long double>(step));
}

/// One block of the tree: lanes in order, then halves.
template <class T, class Op> T tree_block_of(const T* x, std::uint64_t count, const Op& op) {
  constexpr std::uint64_t lanes = tree_lanes(sizeof(T));
  T lane[lanes];
  std::uint64_t held = std::min(lanes, count);
  for (std::uint64_t j = 0; j < held; ++j) {
    lane[j] = x[j];
    for (std::uint64_t k = j + lanes; k < count; k += lanes) lane[j] = op(lane[j], x[k]);
  }
  for (std::uint64_t h = lanes / 2; h > 0; h /= 2) {
    for (std::uint64_t j = 0; j < h && j + h < held; ++j) lane[j] = op(lane[j], lane[j + h]);
    held = std::min(held, h);
  }
  return lane[0];
}

/// The reduction tree of the library, in plain loops. `x` is not empty.
template <class T, class Op> T tree_reduce(std::vector<T> x, const Op& op) {
  while (x.size() > 1) {
    std::vector<T> next;
    next.reserve(x.size() / tree_block + 1);
    for (std::uint64_t at = 0; at < x.size(); at += tree_block) {
      next.push_back(tree_block_of(x.data() + at, std::min<std::uint64_t>(tree_block, x.size() - at), op));
    }
    x = std::move(next);
  }
  return x.front();
}

/// Within the tolerance of math::fast. Integers count what comparisons of floats decided.
template <class T> bool near(T got, T wanted) {
  constexpr double part = std::is_same_v<T, double> ? 0x1p-40 : 0x1p-10;
  const auto a = static_cast<double>(got), b = static_cast<double>(wanted);
  return same_bits(got, wanted) || std::abs(a - b) <= part * std::abs(b);
}

/// Gathers comparisons into a check.
class comparison {
 public:
  explicit comparison(const tolerance& allowed) : allowed_(allowed) {}

  template <class T> void bits(std::uint64_t at, T got, T wanted) {
    ++compared_;
    if (allowed_.exact ? same_bits(got, wanted) : near(got, wanted)) return;
    ++far_;
    if (!detail_.empty()) return;
    detail_ = "element " + std::to_string(at) + " is " + std::to_string(got) + ", the scalar reading gives " +
              std::to_string(wanted);
  }
  template <class T> void ulp(T got, long double exact) {
    max_ulp_ = std::max(max_ulp_.value_or(0), ulp_distance(got, exact));
  }
  [[nodiscard]] check result() const {
    const bool fine = far_ <= (allowed_.exact ? 0 : compared_ / 100) && compared_ > 0;
    return {fine, max_ulp_, compared_, fine ? std::string() : detail_};
  }

 private:
  tolerance allowed_;
  std::optional<double> max_ulp_;
  std::uint64_t compared_ = 0, far_ = 0;
  std::string detail_;
};

/// At most `most` elements out of n, spread evenly, the first and the last among them.
template <class F> void for_sample(std::uint64_t n, std::uint64_t most, const F& f) {
  if (n <= most) {
    for (std::uint64_t i = 0; i < n; ++i) f(i);
    return;
  }
  const double stride = static_cast<double>(n - 1) / static_cast<double>(most - 1);
  for (std::uint64_t k = 0; k + 1 < most; ++k) f(static_cast<std::uint64_t>(static_cast<double>(k) * stride));
  f(n - 1);
}

}  // namespace busfare::bench
