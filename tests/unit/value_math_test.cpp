// The scalar reading of the mathematical functions: hard and random values against 128-bit arithmetic, a
// sweep of f32 against double, and what C says about special values.
#include <bit>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include <busfare/value/math.hpp>

#include "support/exact.hpp"
#include "support/hard_values.hpp"

namespace {

using namespace busfare_test;
using busfare::op;

template <op O, class T> void judge(T got, quad want, T a, T b, std::uint64_t seed, double& worst) {
  constexpr busfare::vocabulary_row row = busfare::vocabulary[static_cast<int>(O)];
  const double e = ulps(got, want);
  if (e > worst) worst = e;
  ASSERT_LE(e, row.ulp) << row.name << " at " << std::hexfloat << a << ", " << b << " gave " << got
                        << ", seed " << seed;
  if (got == 0 && want == 0) {
    // The sign of a zero is part of the result; a tiny result has it too.
    ASSERT_EQ(std::signbit(got), std::signbit(static_cast<double>(want)))
        << row.name << " at " << a << ", " << b;
  }
}

template <op O, class T> void note(double worst) {
  testing::Test::RecordProperty(
      (std::string(busfare::vocabulary[static_cast<int>(O)].name) + (sizeof(T) == 4 ? " f32" : " f64"))
          .c_str(),
      std::to_string(worst));
}

// Everyday sizes from [low, high], small ones, and neighbours of the multiples of pi/4.
template <op O, class T, class F> void one(F f, T low, T high) {
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 draw(seed);
  constexpr int points = 6000;
  std::vector<T> x = operands<T>(1, seed, points)[0];
  std::uniform_real_distribution<T> wide(low, high), near(T(-2), T(2));
  for (int i = 0; i < points; ++i) {
    x.push_back(wide(draw));
    x.push_back(near(draw));
    x.push_back(std::ldexp(near(draw), -static_cast<int>(draw() % 30)));
    const int turns = static_cast<int>(draw() % 400) - 200, off = static_cast<int>(draw() % 5);
    x.push_back(static_cast<T>(turns) * T(0.78539816339744830962) *
                (1 + std::numeric_limits<T>::epsilon() * static_cast<T>(off)));
  }
  double worst = 0;
  for (const T each : x)
    judge<O>(f(busfare::scalar<T>{each}).v, exact<O>(each, T{}, T{}), each, T{}, seed, worst);
  note<O, T>(worst);
}

template <op O, class T, class F> void two(F f) {
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 draw(seed);
  constexpr int points = 4000;
  std::vector<std::vector<T>> x = operands<T>(2, seed, points);
  std::uniform_real_distribution<T> near(T(-3), T(3)), wide(T(-40), T(40));
  const auto add = [&](T a, T b) {
    x[0].push_back(a);
    x[1].push_back(b);
  };
  for (int i = 0; i < points; ++i) {
    add(near(draw), near(draw));
    add(std::fabs(near(draw)), wide(draw));
    add(near(draw), std::trunc(wide(draw)));
    add(1 + near(draw) / 64, wide(draw) * 1000);
    add(std::ldexp(std::fabs(near(draw)), static_cast<int>(draw() % 250) - 125), near(draw));
  }
  double worst = 0;
  for (std::size_t i = 0; i < x[0].size(); ++i) {
    const T a = x[0][i], b = x[1][i];
    judge<O>(f(busfare::scalar<T>{a}, busfare::scalar<T>{b}).v, exact<O>(a, b, T{}), a, b, seed, worst);
  }
  note<O, T>(worst);
}

// Every 5003rd f32 against the C library's double, whose own error is below 2^-28 of an f32's last place.
template <op O, class F, class D> void sweep(F f, D of_double) {
  constexpr busfare::vocabulary_row row = busfare::vocabulary[static_cast<int>(O)];
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += 5003) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    const float got = f(busfare::scalar<float>{x}).v;
    const double want = of_double(static_cast<double>(x));
    if (got == static_cast<float>(want)) continue;
    ASSERT_LE(ulps(got, quad(want)), row.ulp + 1e-6) << row.name << " at " << std::hexfloat << x;
  }
}

#define BUSFARE_TEST_ONE(name, low, high)                                          \
  TEST(value_math, name) {                                                         \
    const auto f = [](auto x) { return busfare::name(x); };                        \
    one<op::name, float>(f, static_cast<float>(low), static_cast<float>(high));    \
    one<op::name, double>(f, static_cast<double>(low), static_cast<double>(high)); \
    sweep<op::name>(f, [](double x) { return std::name(x); });                     \
  }
#define BUSFARE_TEST_TWO(name)                                         \
  TEST(value_math, name) {                                             \
    const auto f = [](auto x, auto y) { return busfare::name(x, y); }; \
    two<op::name, float>(f);                                           \
    two<op::name, double>(f);                                          \
  }
BUSFARE_TEST_ONE(exp2, -160, 130)
BUSFARE_TEST_ONE(expm1, -50, 720)
BUSFARE_TEST_ONE(log2, 0, 100)
BUSFARE_TEST_ONE(log10, 0, 1000)
BUSFARE_TEST_ONE(log1p, -1, 100)
BUSFARE_TEST_ONE(sin, -1e6, 1e6)
BUSFARE_TEST_ONE(cos, -1e6, 1e6)
BUSFARE_TEST_ONE(tan, -1e6, 1e6)
BUSFARE_TEST_ONE(asin, -1, 1)
BUSFARE_TEST_ONE(acos, -1, 1)
BUSFARE_TEST_ONE(atan, -50, 50)
BUSFARE_TEST_ONE(sinh, -90, 90)
BUSFARE_TEST_ONE(cosh, -720, 720)
BUSFARE_TEST_ONE(tanh, -12, 12)
BUSFARE_TEST_ONE(cbrt, -1e6, 1e6)
BUSFARE_TEST_ONE(erf, -7, 7)
BUSFARE_TEST_ONE(erfc, -6, 29)
BUSFARE_TEST_TWO(atan2)
BUSFARE_TEST_TWO(hypot)
BUSFARE_TEST_TWO(pow)

// Where dense samples found the largest errors; with one chain of eight steps the first three were above 6.
TEST(value_math, the_hardest_tails) {
  double worst = 0;
  for (const double x : {0x1.8810ad1c035b4p+1, 0x1.87d3d489d7f3bp+1, 0x1.955c8f23528b1p+1,
                         0x1.4c8185f3bb866p+1, 0x1.5cb6db02b009fp+1})
    judge<op::erfc>(busfare::erfc(busfare::scalar<double>{x}).v, exact<op::erfc>(x, 0.0, 0.0), x, 0.0, 0,
                    worst);
  note<op::erfc, double>(worst);
}

// The doubles and floats that come nearest to a multiple of pi/2 (Kahan; Muller), and the largest.
TEST(value_math, the_hardest_angles) {
  double worst = 0;
  for (const double x : {0x1.6ac5b262ca1ffp+849, 0x1.6ac5b262ca1ffp+850, 0x1.7ffffffffff8p+30, 0x1p30,
                         0x1p1023, 0x1.fffffffffffffp+1023, 0x1.fffffffffffffp+29, 0x1.921fb54442d18p+1}) {
    const busfare::scalar<double> a{x};
    judge<op::sin>(busfare::sin(a).v, sinq(x), x, 0.0, 0, worst);
    judge<op::cos>(busfare::cos(a).v, cosq(x), x, 0.0, 0, worst);
    judge<op::tan>(busfare::tan(a).v, tanq(x), x, 0.0, 0, worst);
  }
  for (const float x : {0x1.f37428p+95f, 0x1.fffffep+127f, 0x1p16f, 0x1.fffffep+15f, 0x1.921fb6p+1f}) {
    const busfare::scalar<float> a{x};
    judge<op::sin>(busfare::sin(a).v, sinq(x), x, 0.0f, 0, worst);
    judge<op::cos>(busfare::cos(a).v, cosq(x), x, 0.0f, 0, worst);
    judge<op::tan>(busfare::tan(a).v, tanq(x), x, 0.0f, 0, worst);
  }
}

// Exact where a program may rely on it.
TEST(value_math, exact_results) {
  for (int n = -1074; n < 1024; ++n) {
    EXPECT_EQ(busfare::exp2(busfare::scalar<double>{static_cast<double>(n)}).v, std::ldexp(1.0, n));
    EXPECT_EQ(busfare::log2(busfare::scalar<double>{std::ldexp(1.0, n)}).v, n);
  }
  for (int n = 1; n < 50; ++n) {
    const double x = n;
    EXPECT_EQ(busfare::pow(busfare::scalar<double>{x}, 2).v, x * x);
    EXPECT_EQ(busfare::pow(busfare::scalar<double>{x}, 3.0).v, x * x * x);
    EXPECT_EQ(busfare::cbrt(busfare::scalar<double>{x * x * x}).v, x);
    EXPECT_EQ(busfare::cbrt(busfare::scalar<float>{static_cast<float>(n * n * n)}).v, static_cast<float>(n));
    EXPECT_EQ(busfare::hypot(busfare::scalar<double>{3 * x}, 4 * x).v, 5 * x);
  }
}

TEST(value_math, conversions) {
  const busfare::scalar<float> f{2.0f};
  const busfare::scalar<std::int32_t> i{-7};
  static_assert(std::is_same_v<decltype(busfare::pow(f, 2)), busfare::scalar<float>>);
  static_assert(std::is_same_v<decltype(busfare::pow(i, 2)), busfare::scalar<double>>);
  static_assert(std::is_same_v<decltype(busfare::hypot(f, 2.0)), busfare::scalar<double>>);
  static_assert(std::is_same_v<decltype(busfare::sin(i)), busfare::scalar<double>>);
  static_assert(std::is_same_v<decltype(busfare::round(i)), busfare::scalar<double>>);
  static_assert(std::is_same_v<decltype(busfare::sign(i)), busfare::scalar<std::int32_t>>);
  EXPECT_EQ(busfare::pow(i, 3).v, -343.0);
  EXPECT_EQ(busfare::sign(i).v, -1);
  EXPECT_EQ(busfare::sign(busfare::scalar<std::uint32_t>{9}).v, 1u);
  EXPECT_EQ(busfare::clamp(i, -5, 5).v, -5);
  EXPECT_EQ(busfare::clamp(f, 0, 1).v, 1.0f);
}

}  // namespace
