// Values that break arithmetic, random values from a seed, and what "the same bits" means.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

namespace busfare::accuracy {

/// Equal bits; any NaN equals any other.
template <class T> bool same(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a || b != b) return a != a && b != b;
  }
  return std::memcmp(&a, &b, sizeof a) == 0;
}

template <class T> std::vector<T> hard_values() {
  using limits = std::numeric_limits<T>;
  if constexpr (std::is_floating_point_v<T>) {
    const T tiny = limits::denorm_min(), least = limits::min(), most = limits::max();
    return {T(0),
            -T(0),
            T(1),
            T(-1),
            T(0.5),
            T(-0.5),
            T(1.5),
            T(2.5),
            T(-2.5),
            T(3),
            T(-7),
            T(1) / 3,
            tiny,
            -tiny,
            least,
            -least,
            least - tiny,
            most,
            -most,
            limits::epsilon(),
            1 - limits::epsilon() / 2,
            limits::infinity(),
            -limits::infinity(),
            limits::quiet_NaN(),
            T(2147483648.0),
            T(-2147483649.0),
            T(16777217.0),
            T(9.3e18)};
  } else {
    constexpr int width = static_cast<int>(sizeof(T) * 8);
    return {T(0),
            T(1),
            T(2),
            T(3),
            static_cast<T>(-1),
            static_cast<T>(-2),
            static_cast<T>(-7),
            limits::min(),
            static_cast<T>(limits::min() + 1),
            limits::max(),
            static_cast<T>(limits::max() - 1),
            static_cast<T>(limits::max() / 2 + 1),
            static_cast<T>(width - 1),
            static_cast<T>(width),
            static_cast<T>(width + 1),
            static_cast<T>(2 * width + 3),
            T(100),
            static_cast<T>(16777217)};
  }
}

/// Half arbitrary bit patterns, half of everyday size.
template <class T> std::vector<T> random_values(std::uint64_t seed, std::size_t n) {
  std::mt19937_64 draw(seed);
  std::vector<T> r(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t bits = draw();
    if (i % 2 == 0) {
      std::memcpy(&r[i], &bits, sizeof(T));
    } else if constexpr (std::is_floating_point_v<T>) {
      r[i] = static_cast<T>(static_cast<double>(static_cast<std::int64_t>(bits)) / 9.2e16);
    } else {
      r[i] = static_cast<T>(bits % 201) - static_cast<T>(std::is_signed_v<T> ? 100 : 0);
    }
  }
  return r;
}

/// The hard values of each operand crossed with those of the others, then `extra` random ones.
template <class T> std::vector<std::vector<T>> operands(int arity, std::uint64_t seed, std::size_t extra) {
  std::vector<T> hard = hard_values<T>();
  std::size_t total = 1;
  for (int k = 0; k < arity; ++k) total *= hard.size();
  std::vector<std::vector<T>> r(static_cast<std::size_t>(arity));
  std::size_t stride = 1;
  for (auto& each : r) {
    for (std::size_t i = 0; i < total; ++i) each.push_back(hard[i / stride % hard.size()]);
    stride *= hard.size();
    const std::vector<T> more = random_values<T>(seed + stride, extra);
    each.insert(each.end(), more.begin(), more.end());
  }
  return r;
}

}  // namespace busfare::accuracy
