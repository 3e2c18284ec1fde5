// The ULP judge: ordinary results, and everything where a distance is not obvious.
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "accuracy/quad.hpp"
#include "accuracy/ulp.hpp"

namespace {

using busfare::accuracy::quad;
using busfare::accuracy::ulps;

template <class T> struct values {
  using limits = std::numeric_limits<T>;
  static constexpr T inf = limits::infinity(), nan = limits::quiet_NaN(), most = limits::max();
  static constexpr T least = limits::min(), tiny = limits::denorm_min();
};
constexpr double wrong = std::numeric_limits<double>::infinity();

template <class T> class accuracy_ulp : public testing::Test {};
using floats = testing::Types<float, double>;
TYPED_TEST_SUITE(accuracy_ulp, floats);

TYPED_TEST(accuracy_ulp, counts_units_at_the_exact_result) {
  using T = TypeParam;
  const T next = std::nextafter(T(1), T(2)), before = std::nextafter(T(1), T(0));
  EXPECT_EQ(ulps(T(1), quad(1)), 0);
  EXPECT_EQ(ulps(next, quad(1)), 1);
  EXPECT_EQ(ulps(before, quad(1)), 0.5);  // half of the unit above 1
  EXPECT_EQ(ulps(T(1), quad(1) + (quad(next) - 1) / 4), 0.25);
  EXPECT_EQ(ulps(T(-1), quad(-1) - (quad(next) - 1) / 4), 0.25);
  EXPECT_EQ(ulps(T(-1), quad(1)), std::ldexp(1.0, std::numeric_limits<T>::digits));
}

TYPED_TEST(accuracy_ulp, nan_fits_nan_only) {
  using v = values<TypeParam>;
  EXPECT_EQ(ulps(v::nan, quad(v::nan)), 0);
  EXPECT_EQ(ulps(-v::nan, quad(v::nan)), 0);
  EXPECT_EQ(ulps(v::nan, quad(1)), wrong);
  EXPECT_EQ(ulps(TypeParam(1), quad(v::nan)), wrong);
  EXPECT_EQ(ulps(v::nan, quad(v::inf)), wrong);
  EXPECT_EQ(ulps(v::inf, quad(v::nan)), wrong);
}

TYPED_TEST(accuracy_ulp, exact_infinities_are_no_overflow) {
  using v = values<TypeParam>;
  EXPECT_EQ(ulps(v::inf, quad(v::inf)), 0);
  EXPECT_EQ(ulps(-v::inf, quad(-v::inf)), 0);
  EXPECT_EQ(ulps(-v::inf, quad(v::inf)), wrong);
  EXPECT_EQ(ulps(v::most, quad(v::inf)), wrong);
  EXPECT_EQ(ulps(-v::most, quad(-v::inf)), wrong);
  EXPECT_EQ(ulps(TypeParam(0), quad(v::inf)), wrong);
}

TYPED_TEST(accuracy_ulp, overflow_counts_from_the_power_after_the_largest) {
  using v = values<TypeParam>;
  const quad unit = quad(v::most) - quad(std::nextafter(v::most, TypeParam(0)));
  EXPECT_EQ(ulps(v::inf, quad(v::most) + unit * 3), 0);
  EXPECT_EQ(ulps(v::inf, quad(v::most)), 1);  // a little early
  EXPECT_EQ(ulps(v::inf, quad(v::most) - unit * 2), 3);
  EXPECT_EQ(ulps(v::most, quad(v::most) + unit), 1);  // a little late
  EXPECT_GT(ulps(v::most, quad(v::most) * 4), 1e6);   // far too late
  EXPECT_GT(ulps(-v::inf, quad(v::most) * 4), 1e6);
  EXPECT_GT(ulps(v::inf, quad(1)), 1e6);
}

TYPED_TEST(accuracy_ulp, zeros_have_signs) {
  using T = TypeParam;
  using v = values<T>;
  EXPECT_EQ(ulps(T(0), quad(T(0))), 0);
  EXPECT_EQ(ulps(-T(0), quad(-T(0))), 0);
  EXPECT_EQ(ulps(-T(0), quad(T(0))), wrong);
  EXPECT_EQ(ulps(T(0), quad(-T(0))), wrong);
  // What underflows has the sign of what it was.
  EXPECT_EQ(ulps(T(0), quad(v::tiny) / 4), 0.25);
  EXPECT_EQ(ulps(-T(0), quad(v::tiny) / 4), wrong);
  EXPECT_EQ(ulps(v::tiny, quad(0)), 1);
}

TYPED_TEST(accuracy_ulp, subnormals_have_the_unit_of_the_smallest) {
  using T = TypeParam;
  using v = values<T>;
  EXPECT_EQ(ulps(v::tiny, quad(v::tiny)), 0);
  EXPECT_EQ(ulps(v::tiny * 3, quad(v::tiny) * 2), 1);
  EXPECT_EQ(ulps(v::tiny, quad(v::tiny) * 3 / 2), 0.5);
  EXPECT_EQ(ulps(-v::tiny, quad(v::tiny)), 2);
  EXPECT_EQ(ulps(v::least - v::tiny, quad(v::least)), 1);
  EXPECT_EQ(ulps(v::least, quad(v::least) - quad(v::tiny)), 1);
  // A flushed subnormal is as far off as it is large.
  EXPECT_EQ(ulps(T(0), quad(v::tiny) * 1000), 1000);
}

TEST(accuracy_ulp_of_f32, double_is_wide_enough) {
  using v = values<float>;
  EXPECT_EQ(ulps(1.0f, 1.0 + 0x1p-25), 0.25);
  EXPECT_EQ(ulps(v::inf, 0x1p128), 0);
  EXPECT_EQ(ulps(v::inf, static_cast<double>(v::most)), 1);
  EXPECT_GT(ulps(v::most, 1e300), 1e6);
  EXPECT_EQ(ulps(v::most, std::numeric_limits<double>::infinity()), wrong);
  EXPECT_EQ(ulps(0.0f, 1e-300), 1e-300 / 0x1p-149);
  EXPECT_EQ(ulps(-0.0f, 1e-300), wrong);
}

// math::fast promises no sign of a zero, and everything else.
TYPED_TEST(accuracy_ulp, a_zero_is_a_zero_where_signs_do_not_count) {
  using v = values<TypeParam>;
  EXPECT_EQ(ulps(TypeParam(-0.0), quad(0.0), false), 0);
  EXPECT_EQ(ulps(TypeParam(0.0), quad(-0.0), false), 0);
  EXPECT_EQ(ulps(TypeParam(-0.0), quad(0.0)), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ulps(v::nan, quad(0.0), false), std::numeric_limits<double>::infinity());
}

}  // namespace
