// exp, log and normal_cdf against 128-bit arithmetic, with the bounds of the vocabulary, and equal on all
// instruction sets.
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>

#include "support/entries.hpp"
#include "support/exact.hpp"
#include "support/hard_values.hpp"

namespace {

using namespace busfare_test;
using busfare::op;

struct exp_kernel {
  auto operator()(auto x) const { return busfare::exp(x); }
};
struct log_kernel {
  auto operator()(auto x) const { return busfare::log(x); }
};
struct normal_cdf_kernel {
  auto operator()(auto x) const { return busfare::normal_cdf(x); }
};

template <op O, class F, class T> void accuracy(F f, T low, T high) {
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 draw(seed);
  std::vector<T> x = hard_values<T>();
  const std::size_t specials = x.size();
  std::uniform_real_distribution<T> wide(low, high), near(T(-2), T(2));
  constexpr int points = sizeof(T) == 4 ? 1 << 20 : 1 << 18;  // of f64, 128-bit references are slow
  for (int i = 0; i < points; ++i) {
    T v = i % 4 == 0 ? near(draw) : wide(draw);
    if (O == op::log && i % 2 == 0)
      v = std::ldexp(std::fabs(near(draw)), static_cast<int>(draw() % 250) - 125);
    if (O == op::log && i % 4 == 1) v = 1 + near(draw) / 64;
    x.push_back(v);
  }
  const std::vector<T> base = run_entry<T>(busfare::isa::base, f, x);
  constexpr double bound = busfare::vocabulary[static_cast<int>(O)].ulp;
  double worst = 0;
  T where{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double e = ulps(base[i], exact<O>(x[i], T{}, T{}));
    if (!(e <= worst)) worst = e, where = x[i];
    if (i < specials) {
      EXPECT_LE(e, bound) << x[i] << " gave " << base[i];
    }
  }
  const std::string name =
      std::string(busfare::vocabulary[static_cast<int>(O)].name) + (sizeof(T) == 4 ? " f32" : " f64");
  EXPECT_LE(worst, bound) << name << " at " << std::hexfloat << where << " seed " << seed;
  testing::Test::RecordProperty((name + " max ulp").c_str(), std::to_string(worst));
  for (busfare::isa i : supported_isas()) {
    const std::vector<T> other = run_entry<T>(i, f, x);
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < x.size(); ++k) wrong += same(base[k], other[k]) ? 0 : 1;
    EXPECT_EQ(wrong, 0u) << name << " " << name_of(i) << " seed " << seed;
  }
  for (std::size_t k = 0; k < x.size(); k += 17) {
    ASSERT_TRUE(same(base[k], f(busfare::scalar<T>{x[k]}).v)) << name << " scalar at " << x[k];
  }
}

TEST(value_functions, exp_is_within_its_bound) {
  accuracy<op::exp>(exp_kernel{}, -110.0f, 95.0f);
  accuracy<op::exp>(exp_kernel{}, -760.0, 720.0);
}
TEST(value_functions, log_is_within_its_bound) {
  accuracy<op::log>(log_kernel{}, 0.0f, 1e6f);
  accuracy<op::log>(log_kernel{}, 0.0, 1e12);
}
TEST(value_functions, normal_cdf_is_within_its_bound) {
  accuracy<op::normal_cdf>(normal_cdf_kernel{}, -15.0f, 8.0f);
  accuracy<op::normal_cdf>(normal_cdf_kernel{}, -40.0, 9.0);
}

TEST(value_functions, specials) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const auto e = [](float x) { return exp_kernel{}(busfare::scalar<float>{x}).v; };
  const auto l = [](float x) { return log_kernel{}(busfare::scalar<float>{x}).v; };
  const auto n = [](float x) { return normal_cdf_kernel{}(busfare::scalar<float>{x}).v; };
  EXPECT_EQ(e(0), 1);
  EXPECT_EQ(e(-inf), 0);
  EXPECT_EQ(e(inf), inf);
  EXPECT_TRUE(std::isnan(e(nan)));
  EXPECT_EQ(l(1), 0);
  EXPECT_EQ(l(0), -inf);
  EXPECT_EQ(l(-0.0f), -inf);
  EXPECT_TRUE(std::isnan(l(-1)));
  EXPECT_EQ(l(inf), inf);
  EXPECT_EQ(n(0), 0.5f);
  EXPECT_EQ(n(-inf), 0);
  EXPECT_EQ(n(inf), 1);
  EXPECT_TRUE(std::isnan(n(nan)));
}

}  // namespace
