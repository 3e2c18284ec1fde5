// f16: every load, and stores and casts of values that are hard to round, against the compiler's own
// _Float16.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <busfare/type.hpp>

#include "support/entries.hpp"
#include "support/halves.hpp"

#if BUSFARE_HAS_F16
namespace {

using namespace busfare_test;
using half = _Float16;

struct same_value {
  auto operator()(auto x) const { return +x; }
};
struct to_half {
  auto operator()(auto x) const { return busfare::cast<half>(x); }
};
struct to_half_saturated {
  auto operator()(auto x) const { return busfare::cast_sat<half>(x); }
};
// The value that a cast has inside a kernel.
struct rounded {
  auto operator()(auto x) const { return +busfare::cast<half>(x); }
};

template <class T> std::string text(T x) {
  char s[64];
  std::snprintf(s, sizeof s, "%.17g", static_cast<double>(x));
  return s;
}

TEST(value_half, every_value_loads_exactly) {
  const std::vector<half> x = all_halves();
  for (const busfare::isa i : supported_isas()) {
    const std::vector<float> got = run_entry<float>(i, same_value{}, x);
    for (std::size_t k = 0; k < x.size(); ++k) {
      const float want = static_cast<float>(x[k]);
      ASSERT_TRUE(want != want ? got[k] != got[k]
                               : std::bit_cast<std::uint32_t>(got[k]) == std::bit_cast<std::uint32_t>(want))
          << name_of(i) << " " << std::hex << k << ": " << got[k] << " instead of " << want;
    }
  }
  for (const half each : x) {
    const float want = static_cast<float>(each), got = busfare::detail::widened(each);
    ASSERT_TRUE(want != want ? got != got
                             : std::bit_cast<std::uint32_t>(got) == std::bit_cast<std::uint32_t>(want));
  }
}

TEST(value_half, every_value_survives_a_store) {
  const std::vector<half> x = all_halves();
  for (const busfare::isa i : supported_isas()) {
    const std::vector<half> got = run_entry<half>(i, to_half{}, x),
                            sat = run_entry<half>(i, to_half_saturated{}, x);
    for (std::size_t k = 0; k < x.size(); ++k) {
      const auto want = x[k] != x[k] ? std::uint16_t{0x7e00} : static_cast<std::uint16_t>(k);
      ASSERT_EQ(bits_of_half(got[k]), want) << name_of(i);
      ASSERT_EQ(bits_of_half(sat[k]), want) << name_of(i);
    }
  }
}

// NaNs are the one canonical NaN.
template <class F, class T, class Want> void expect_halves(F f, const std::vector<T>& x, Want want) {
  for (const busfare::isa i : supported_isas()) {
    const std::vector<half> got = run_entry<half>(i, f, x);
    const std::vector<float> seen = run_entry<float>(i, rounded{}, x);
    for (std::size_t k = 0; k < x.size(); ++k) {
      const half right = want(x[k]);
      const std::uint16_t bits = right != right ? std::uint16_t{0x7e00} : bits_of_half(right);
      ASSERT_EQ(bits_of_half(got[k]), bits) << name_of(i) << ": " << text(x[k]);
      if constexpr (std::is_same_v<F, to_half>) {
        const float value = static_cast<float>(right);
        ASSERT_TRUE(value != value ? seen[k] != seen[k] : std::memcmp(&value, &seen[k], 4) == 0)
            << name_of(i) << ": " << text(x[k]) << " is " << seen[k] << " in a kernel";
      }
    }
  }
  for (std::size_t k = 0; k < x.size(); k += 13) {
    half got;
    busfare::detail::store<busfare::scalar_reading>(&got, f(busfare::scalar<T>{x[k]}));
    const half right = want(x[k]);
    ASSERT_EQ(bits_of_half(got), right != right ? std::uint16_t{0x7e00} : bits_of_half(right)) << text(x[k]);
  }
}

half saturated(half h, bool finite) {
  const float x = static_cast<float>(h);
  return finite && std::isinf(x) ? static_cast<half>(std::copysign(65504.0f, x)) : h;
}

// What the compiler makes of values between two halves, halfway and one step beside it; all of them and
// random ones. From f64, halfway is also missed by less than f32 can tell: rounding twice would be seen.
template <class T> void expect_casts() {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const std::vector<T> x = hard_for_half<T>(seed, 1 << 18);
  expect_halves(to_half{}, x, [](T v) { return static_cast<half>(v); });
  expect_halves(to_half_saturated{}, x,
                [](T v) { return saturated(static_cast<half>(v), std::isfinite(v)); });
}
TEST(value_half, f32_rounds_as_the_compiler_does) { expect_casts<float>(); }
TEST(value_half, f64_rounds_once) {
  // 1 + 2^-11 is halfway; the last digit of f64 decides, and f32 does not have it.
  EXPECT_EQ(bits_of_half(static_cast<half>(1.0 + 0x1p-11 + 0x1p-40)), 0x3c01);
  EXPECT_EQ(bits_of_half(static_cast<half>(static_cast<float>(1.0 + 0x1p-11 + 0x1p-40))), 0x3c00);
  expect_casts<double>();
}

// Kernels that cast do not need it; a store is total all the same.
TEST(value_half, a_store_rounds) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const std::vector<float> x = hard_for_half<float>(seed, 1 << 16);
  using pack = busfare::pack_reading<busfare::isa::base>;
  constexpr std::size_t lanes = busfare::detail::lanes_of<busfare::isa::base>;
  for (std::size_t k = 0; k + lanes <= x.size(); k += lanes) {
    half one[lanes], all[lanes];
    busfare::detail::store<pack>(all, busfare::detail::load<pack>(&x[k]));
    for (std::size_t i = 0; i < lanes; ++i) {
      busfare::detail::store<busfare::scalar_reading>(&one[i], busfare::scalar<float>{x[k + i]});
      const half right = static_cast<half>(x[k + i]);
      const std::uint16_t bits = right != right ? std::uint16_t{0x7e00} : bits_of_half(right);
      ASSERT_EQ(bits_of_half(one[i]), bits) << text(x[k + i]);
      ASSERT_EQ(bits_of_half(all[i]), bits) << text(x[k + i]);
    }
  }
}

template <class T> void expect_integers() {
  std::vector<T> x;
  for (std::int64_t k = std::is_signed_v<T> ? -70000 : 0; k <= 70000; ++k) x.push_back(static_cast<T>(k));
  for (int bit = 0; bit < static_cast<int>(8 * sizeof(T)); ++bit)
    for (int by = -2; by <= 2; ++by)
      x.push_back(static_cast<T>((std::uint64_t{1} << bit) + static_cast<std::uint64_t>(by)));
  // f64 has every integer that is in f16's range.
  const auto exact = [](T v) { return static_cast<half>(static_cast<double>(v)); };
  expect_halves(to_half{}, x, exact);
  expect_halves(to_half_saturated{}, x, [&](T v) { return saturated(exact(v), true); });
}
TEST(value_half, integers_round_once) {
  expect_integers<std::int32_t>();
  expect_integers<std::uint32_t>();
  expect_integers<std::int64_t>();
  expect_integers<std::uint64_t>();
}

TEST(value_half, what_it_is) {
  static_assert(busfare::type_of<half>() == busfare::type::f16);
  static_assert(busfare::storable<half> && !busfare::computable<half> && busfare::number<half>);
  static_assert(std::is_same_v<busfare::compute_t<half>, float>);
  static_assert(std::is_same_v<busfare::common_t<half, double>, double>);
  static_assert(busfare::size_of(busfare::type::f16) == 2);
  static_assert(busfare::compute_of(busfare::type::f16) == busfare::type::f32);
  EXPECT_STREQ(busfare::name_of(busfare::type::f16), "f16");
}

}  // namespace
#endif
