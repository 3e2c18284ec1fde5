// Whether a row became faster or slower: the rank test against all orders and its own promise, and the
// verdicts.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "compare.hpp"

namespace {

using namespace busfare::bench;

// Of all ways to choose which of the values 0, 1, ... are a's, those that lie at least as far from the
// middle.
double by_counting(unsigned n, unsigned m, unsigned of) {
  const auto pairs_of = [&](std::uint32_t chosen) {
    unsigned pairs = 0;
    for (unsigned i = 0; i < n + m; ++i)
      for (unsigned j = i + 1; j < n + m; ++j)
        pairs += (chosen >> i & 1) != 0 && (chosen >> j & 1) == 0 ? 1 : 0;
    return pairs;
  };
  const unsigned fewer = std::min(of, n * m - of);
  double all = 0, far = 0;
  for (std::uint32_t chosen = 0; chosen < 1u << (n + m); ++chosen) {
    if (static_cast<unsigned>(__builtin_popcount(chosen)) != n) continue;
    ++all;
    const unsigned pairs = pairs_of(chosen);
    if (std::min(pairs, n * m - pairs) <= fewer) ++far;
  }
  return far / all;
}

TEST(bench_compare, exact_chances_are_those_of_all_orders) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 draw(seed);
  for (const auto& [n, m] : {std::pair{1u, 1u}, {2u, 5u}, {5u, 5u}, {6u, 4u}, {3u, 8u}}) {
    for (int round = 0; round < 10; ++round) {
      std::vector<double> values(n + m);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1 + static_cast<double>(i);
      std::shuffle(values.begin(), values.end(), draw);
      const std::vector<double> a(values.begin(), values.begin() + n), b(values.begin() + n, values.end());
      unsigned pairs = 0;
      for (const double x : a)
        for (const double y : b) pairs += x < y ? 1 : 0;
      EXPECT_NEAR(rank_test(a, b), std::min(1.0, by_counting(n, m, pairs)), 1e-12) << n << " and " << m;
      EXPECT_EQ(rank_test(a, b), rank_test(b, a));
    }
  }
}

// Published in tables of the test: 2 of 252, and for 10 and 10 values a sum of at most 16 at 1 %, of 17 above
// it.
TEST(bench_compare, known_values) {
  EXPECT_NEAR(rank_test(std::vector<double>{1, 2, 3, 4, 5}, std::vector<double>{6, 7, 8, 9, 10}), 2.0 / 252,
              1e-15);
  std::vector<double> a(10), b(10);
  const auto with_pairs = [&](int pairs) {  // a's lowest values are `pairs` places too high
    for (int i = 0; i < 10; ++i) a[static_cast<std::size_t>(i)] = 100 + i, b[static_cast<std::size_t>(i)] = i;
    for (int i = 0; i < pairs / 10; ++i) a[static_cast<std::size_t>(i)] = -1 - i;
    if (pairs % 10 > 0) a[9] = 9.5 - pairs % 10;
    return rank_test(a, b);
  };
  EXPECT_LE(with_pairs(16), 0.01);
  EXPECT_GT(with_pairs(17), 0.01);
  EXPECT_EQ(rank_test(std::vector<double>{}, a), 1);
  EXPECT_EQ(rank_test(std::vector<double>(8, 3.0), std::vector<double>(9, 3.0)), 1);  // nothing but ties
}

// The test's promise: noise alone is below p about p times. Exact and approximated, with ties and without.
TEST(bench_compare, noise_alone_is_seldom_told) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 draw(seed);
  for (const std::size_t n : {std::size_t{12}, std::size_t{40}, std::size_t{150}}) {
    for (const bool ties : {false, true}) {
      int below = 0;
      constexpr int rounds = 2000;
      for (int round = 0; round < rounds; ++round) {
        std::vector<double> a(n), b(n);
        std::gamma_distribution<double> time(2.0, 1.0);
        for (double* v : {a.data(), b.data()})
          for (std::size_t i = 0; i < n; ++i) v[i] = ties ? 1 + std::floor(4 * time(draw)) : 1 + time(draw);
        below += rank_test(a, b) <= 0.05 ? 1 : 0;
      }
      // 100 are expected, with a standard deviation below 10; six of them either way.
      EXPECT_LE(below, 160) << n << (ties ? " with ties" : "");
      EXPECT_GE(below, 40) << n << (ties ? " with ties" : "");
    }
  }
}

std::vector<double> around(double seconds, std::size_t n) {
  std::vector<double> v;
  for (std::size_t i = 0; i < n; ++i)
    v.push_back(seconds * (1 + 0.001 * static_cast<double>(i % 7) + 1e-6 * static_cast<double>(i)));
  return v;
}

TEST(bench_compare, verdicts) {
  const std::vector<double> before = around(1e-3, 10);
  const auto found = [&](const std::vector<double>& now) { return compare(before, now, false).found; };
  EXPECT_EQ(found(around(1.1e-3, 10)), verdict::slower);
  EXPECT_EQ(found(around(0.9e-3, 10)), verdict::faster);
  EXPECT_EQ(found(before), verdict::same);
  EXPECT_EQ(found(around(1.03e-3, 40)), verdict::same);  // seen by the test, and less than is told
  EXPECT_EQ(found(around(2e-3, 3)), verdict::slower);
  // Wide noise around the same middle.
  EXPECT_EQ(found({0.4e-3, 2e-3, 0.5e-3, 1.9e-3, 0.6e-3, 1.8e-3, 0.7e-3, 1.7e-3}), verdict::same);
  EXPECT_EQ(compare(before, around(1.1e-3, 10), false, 0.2).found, verdict::same);
  EXPECT_EQ(compare(before, around(1.3e-3, 10), false, 0.2).found, verdict::slower);
  EXPECT_EQ(compare(before, around(0.8e-3, 10), false, 0.2).found, verdict::faster);
  const comparison slower = compare(before, around(1.1e-3, 10), false);
  EXPECT_NEAR(slower.ratio, 1.1, 0.01);
  EXPECT_LT(slower.p, 1e-4);
  EXPECT_NEAR(slower.now / slower.before, 1.1, 0.01);
}

TEST(bench_compare, what_cannot_be_told_is_unclear) {
  const auto unclear = [](const std::vector<double>& before, const std::vector<double>& now) {
    return compare(before, now, false).found == verdict::unclear;
  };
  EXPECT_TRUE(unclear({}, {1}));
  EXPECT_TRUE(unclear({1}, {}));
  EXPECT_TRUE(unclear(around(1, 4), around(9, 4)));
  EXPECT_FALSE(unclear(around(1, 5), around(9, 5)));
  EXPECT_TRUE(unclear(around(1, 3), around(9, 3)));
  EXPECT_FALSE(unclear(around(1, 3), around(9, 10)));
  EXPECT_TRUE(unclear({0, 1, 2, 3, 4, 5}, around(9, 10)));
  EXPECT_TRUE(unclear(around(9, 10), {0, 1, 2, 3, 4, 5}));
}

TEST(bench_compare, virtual_times_have_no_noise) {
  const auto found = [](double before, double now) {
    return compare(std::vector<double>{before}, std::vector<double>{now}, true).found;
  };
  EXPECT_EQ(found(1, 1), verdict::same);
  EXPECT_EQ(found(1, 1.04), verdict::same);
  EXPECT_EQ(found(1, 1.06), verdict::slower);
  EXPECT_EQ(found(1, 0.94), verdict::faster);
}

TEST(bench_compare, the_largest_sets_take_no_time_and_stay_chances) {
  const std::vector<double> a = around(1, 1000), b = around(1.0005, 1000);
  const double p = rank_test(a, b);
  EXPECT_GE(p, 0);
  EXPECT_LE(p, 1);
  std::vector<double> x(100), y(100);
  for (std::size_t i = 0; i < 100; ++i)
    x[i] = 1 + 2 * static_cast<double>(i), y[i] = 2 + 2 * static_cast<double>(i);
  EXPECT_GT(rank_test(x, y), 0.5);
  for (double& v : y) v += 1000;
  EXPECT_GT(rank_test(x, y), 0);
  EXPECT_LT(rank_test(x, y), 1e-50);
}

}  // namespace
