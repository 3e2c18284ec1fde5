// Values of f16, and values of other types that are hard to round to it.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <busfare/type.hpp>

#include "support/hard_values.hpp"

#if BUSFARE_HAS_F16
namespace busfare_test {

inline std::uint16_t bits_of_half(const _Float16& x) { return std::bit_cast<std::uint16_t>(x); }
inline _Float16 half_of_bits(std::uint16_t bits) { return std::bit_cast<_Float16>(bits); }

/// All 65536, in the order of their bits.
inline std::vector<_Float16> all_halves() {
  std::vector<_Float16> all;
  for (unsigned bits = 0; bits < 65536; ++bits) all.push_back(half_of_bits(static_cast<std::uint16_t>(bits)));
  return all;
}

/// T f32 or f64: hard values of T; every finite half, its neighbours in T, halfway to the next half, and the
/// neighbours of that; then `extra` random ones, a half of them of a half's size.
template <class T> std::vector<T> hard_for_half(std::uint64_t seed, std::size_t extra) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  std::vector<T> x = hard_values<T>();
  const auto with_neighbours = [&](T v) {
    for (const T each : {v, std::nextafter(v, infinity), std::nextafter(v, -infinity)})
      for (const T with_sign : {each, -each}) x.push_back(with_sign);
  };
  for (unsigned bits = 0; bits < 0x7c00; ++bits) {
    const T here = static_cast<T>(half_of_bits(static_cast<std::uint16_t>(bits)));
    const T next =
        bits == 0x7bff ? T(65536) : static_cast<T>(half_of_bits(static_cast<std::uint16_t>(bits + 1)));
    with_neighbours(here);
    with_neighbours((here + next) / 2);
    if constexpr (sizeof(T) == 8) {  // beside halfway by what f32 rounds away
      with_neighbours((here + next) / 2 * (1 + T(0x1p-40)));
      with_neighbours((here + next) / 2 * (1 - T(0x1p-40)));
    }
  }
  with_neighbours(T(65536));
  std::vector<T> random = random_values<T>(seed, extra);
  for (std::size_t i = 0; i < random.size(); i += 4)
    random[i] = std::ldexp(random[i + 1], static_cast<int>(seed + i) % 40 - 26);
  x.insert(x.end(), random.begin(), random.end());
  return x;
}

}  // namespace busfare_test
#endif
