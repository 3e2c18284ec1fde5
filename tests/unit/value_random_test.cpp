// Random numbers: the known answers of Philox, ranges, and the distributions' shape for fixed seeds.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

#include <busfare/value/random.hpp>

namespace {

using busfare::scalar;
using words = std::array<std::uint32_t, 4>;

words philox(words c, std::uint32_t k0, std::uint32_t k1) {
  const auto r = busfare::detail::philox<busfare::scalar_reading>(
      {{scalar<std::uint32_t>{c[0]}, scalar<std::uint32_t>{c[1]}, scalar<std::uint32_t>{c[2]},
        scalar<std::uint32_t>{c[3]}}},
      scalar<std::uint32_t>{k0}, scalar<std::uint32_t>{k1});
  return {r.w[0].v, r.w[1].v, r.w[2].v, r.w[3].v};
}

// From the file kat_vectors of Random123.
TEST(value_random, known_answers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, 0, 0), (words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t f = 0xffffffff;
  EXPECT_EQ(philox({f, f, f, f}, f, f), (words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(value_random, words_become_numbers) {
  const scalar<std::int64_t> i{0};
  EXPECT_EQ(busfare::uniform<float>(0, i).v, static_cast<float>(0x6627e8d5u >> 8) * 0x1p-24f);
  EXPECT_EQ(busfare::uniform<double>(0, i).v,
            static_cast<double>((std::uint64_t{0x6627e8d5u} << 32 | 0xe169c58du) >> 11) * 0x1p-53);
  // Both halves of index, stream and seed count, and so does each of them.
  const std::int64_t far = std::int64_t{1} << 32;
  std::vector<double> seen;
  for (const std::int64_t a : {std::int64_t{0}, std::int64_t{1}, far}) {
    seen.push_back(busfare::uniform<double>(7, scalar<std::int64_t>{5 + a}, 3).v);
    seen.push_back(busfare::uniform<double>(scalar<std::int64_t>{8 + a}, 5, 3).v);
    seen.push_back(busfare::uniform<double>(7, 5, scalar<std::int64_t>{4 + a}).v);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

// Kolmogorov's distance of n sorted values from their distribution, times the root of n: below 1.95 in 999 of
// 1000 cases. The seeds are fixed, so that this never changes.
template <class Cdf> double distance(std::vector<double> x, Cdf cdf) {
  std::sort(x.begin(), x.end());
  double worst = 0;
  const double n = static_cast<double>(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]);
    worst = std::max(
        {worst, std::fabs(p - static_cast<double>(i) / n), std::fabs(p - static_cast<double>(i + 1) / n)});
  }
  return worst * std::sqrt(n);
}

template <class T> void shapes() {
  constexpr int n = 1 << 16;
  for (const int seed : {1, 2, 12345}) {
    std::vector<double> u, z;
    for (std::int64_t i = 0; i < n; ++i) {
      const T x = busfare::uniform<T>(seed, scalar<std::int64_t>{i}).v;
      EXPECT_TRUE(x >= 0 && x < 1) << x;
      u.push_back(static_cast<double>(x));
      z.push_back(static_cast<double>(busfare::normal<T>(seed, scalar<std::int64_t>{i}).v));
    }
    EXPECT_LT(distance(u, [](double x) { return x; }), 1.95) << seed;
    EXPECT_LT(distance(z, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }), 1.95) << seed;
    double together = 0;  // neighbours are not correlated
    for (std::size_t i = 1; i < z.size(); ++i) together += z[i] * z[i - 1];
    EXPECT_LT(std::fabs(together), 4 * std::sqrt(static_cast<double>(n))) << seed;
  }
}
TEST(value_random, shapes_f32) { shapes<float>(); }
TEST(value_random, shapes_f64) { shapes<double>(); }

}  // namespace
