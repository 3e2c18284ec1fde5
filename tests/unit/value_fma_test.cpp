// fma of floats without the instruction: the base reading against libm, and all instruction sets against each
// other.
#include <bit>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>

#include "support/entries.hpp"
#include "support/hard_values.hpp"

namespace {

using namespace busfare_test;

struct fused {
  auto operator()(auto a, auto b, auto c) const { return busfare::fma(a, b, c); }
};

template <class T> void all_sets(std::uint64_t seed, std::size_t extra) {
  const auto x = operands<T>(3, seed, extra);
  std::vector<T> want(x[0].size());
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = std::fma(x[0][i], x[1][i], x[2][i]);
  for (busfare::isa i : supported_isas()) {
    const std::vector<T> got = run_entry<T>(i, fused{}, x[0], x[1], x[2]);
    std::size_t wrong = 0, first = 0;
    for (std::size_t k = 0; k < want.size(); ++k) {
      if (!same(got[k], want[k]) && wrong++ == 0) first = k;
    }
    EXPECT_EQ(wrong, 0u) << name_of(i) << " seed " << seed << ": fma(" << x[0][first] << ", " << x[1][first]
                         << ", " << x[2][first] << ") = " << got[first] << " instead of " << want[first];
  }
}

TEST(value_fma, equals_libm_on_hard_and_random_values) {
  const std::uint64_t seed = std::random_device{}();
  all_sets<float>(seed, 1 << 18);
  all_sets<double>(seed, 1 << 18);
}

// Products near a sum's rounding boundary, results among the denormals, and exact cancellations: where a
// second rounding would show.
TEST(value_fma, rounds_once_where_it_shows) {
  const std::uint64_t seed = std::random_device{}();
  std::mt19937_64 draw(seed);
  std::vector<float> a, b, c;
  for (int i = 0; i < 1 << 18; ++i) {
    const std::uint64_t r = draw();
    const float x = std::bit_cast<float>(0x3f800000u | static_cast<std::uint32_t>(r & 0x7fffff));
    const float y = std::bit_cast<float>(0x3f800000u | static_cast<std::uint32_t>(r >> 23 & 0x7fffff));
    a.push_back(i % 3 == 0 ? std::ldexp(x, -75) : x);
    b.push_back(i % 3 == 0 ? std::ldexp(y, -70 - static_cast<int>(r >> 60)) : y);
    const float near = -static_cast<float>(static_cast<double>(a.back()) * b.back());
    c.push_back(i % 3 == 1 ? near
                           : std::ldexp(i % 2 ? x : -y,
                                        static_cast<int>(r >> 46 & 127) - 64 - (i % 3 == 0 ? 100 : 0)));
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_TRUE(same(busfare::detail::fma_exact(a[i], b[i], c[i]), std::fma(a[i], b[i], c[i])))
        << std::hexfloat << a[i] << " * " << b[i] << " + " << c[i] << " seed " << seed;
  }
}

}  // namespace
