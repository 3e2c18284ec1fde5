// Fits of link curves: exact lines, kinks, noise, constraints.
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "model/fit.hpp"

namespace {

using namespace busfare;
using model::sample;

std::vector<std::uint64_t> sizes() {
  std::vector<std::uint64_t> out;
  for (int k = 12; k <= 28; ++k) out.push_back(std::uint64_t{1} << k);
  return out;
}

TEST(model_fit, recovers_a_line) {
  std::vector<sample> points;
  for (const std::uint64_t s : sizes()) points.push_back({s, 5e-6 + static_cast<double>(s) / 20e9});
  const std::vector<segment> found = model::fit_segments(points);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].seconds, 5e-6, 1e-11);
  EXPECT_NEAR(1 / found[0].seconds_per_byte, 20e9, 1e5);
  EXPECT_EQ(found[0].max_bytes, UINT64_MAX);
}

TEST(model_fit, finds_a_knot_under_noise) {
  const unsigned seed = 11;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 0.01);
  const auto truth = [](std::uint64_t s) {
    return s <= 65536 ? 8e-6 : 10e-6 + static_cast<double>(s) / 25e9;
  };
  link_curve curve;
  std::vector<sample> samples;
  for (const std::uint64_t s : sizes())
    for (int i = 0; i < 9; ++i) samples.push_back({s, truth(s) * std::exp(noise(random))});
  ASSERT_TRUE(model::fit_curve(curve, samples));
  EXPECT_GE(curve.segments.size(), 2u);
  for (const std::uint64_t s : sizes()) EXPECT_NEAR(curve.predict(s) / truth(s), 1, 0.05) << s;
  EXPECT_LE(curve.residual_q10, curve.residual_q50);
  EXPECT_LE(curve.residual_q50, curve.residual_q90);
}

TEST(model_fit, never_falls_and_never_goes_below_zero) {
  const unsigned seed = 12;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> any(1e-6, 1e-3);
  for (int run = 0; run < 100; ++run) {
    std::vector<sample> points;
    for (const std::uint64_t s : sizes()) points.push_back({s, any(random)});
    link_curve curve;
    curve.segments = model::fit_segments(points);
    ASSERT_FALSE(curve.segments.empty());
    double before = 0;
    for (std::uint64_t s = 4096; s <= (1u << 28); s += s / 3) {
      const double t = curve.predict(s);
      EXPECT_GE(t, before * (1 - 1e-9));
      before = t;
    }
    for (const segment& s : curve.segments) {
      EXPECT_GE(s.seconds, 0);
      EXPECT_GE(s.seconds_per_byte, 0);
    }
  }
}

TEST(model_fit, drops_nonsense) {
  link_curve curve;
  const std::vector<sample> bad{{0, 1}, {5, -1}, {5, NAN}, {5, INFINITY}};
  EXPECT_FALSE(model::fit_curve(curve, bad));
  EXPECT_TRUE(model::fit_segments({}).empty());
  const std::vector<sample> one{{1000, 1e-6}};
  ASSERT_TRUE(model::fit_curve(curve, one));
  EXPECT_NEAR(curve.predict(2000), 2e-6, 1e-12);
}

TEST(model_fit, mapped_memory_costs_a_fence) {
  link_curve curve;
  curve.memory = "mapped";
  curve.segments = {{UINT64_MAX, 5e-6, 1e-9}};
  EXPECT_EQ(curve.predict(0), 0);
  EXPECT_EQ(curve.predict(1), 5e-6);
  EXPECT_EQ(curve.predict(1 << 30), 5e-6);
}

}  // namespace
