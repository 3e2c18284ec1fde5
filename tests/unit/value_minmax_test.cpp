// min and max of all sixteen pairs of {number, -0, +0, NaN}, on every reading that has elements.
#include <gtest/gtest.h>
#include <limits>

#include "support/entries.hpp"
#include "support/exact.hpp"
#include "support/hard_values.hpp"

namespace {

using namespace busfare_test;

struct both {
  auto operator()(auto a, auto b) const { return busfare::min(a, b); }
};
struct other {
  auto operator()(auto a, auto b) const { return busfare::max(a, b); }
};

template <class T> void all_pairs() {
  const T each[] = {T(-3), -T(0), T(0), std::numeric_limits<T>::quiet_NaN()};
  std::vector<T> a, b;
  for (T x : each)
    for (T y : each) a.push_back(x), b.push_back(y);
  for (busfare::isa i : supported_isas()) {
    const auto least = run_entry<T>(i, both{}, a, b), most = run_entry<T>(i, other{}, a, b);
    for (std::size_t k = 0; k < a.size(); ++k) {
      using busfare::op;
      EXPECT_TRUE(same(least[k], exact<op::min>(a[k], b[k], T{})))
          << name_of(i) << " min " << a[k] << " " << b[k];
      EXPECT_TRUE(same(most[k], exact<op::max>(a[k], b[k], T{})))
          << name_of(i) << " max " << a[k] << " " << b[k];
      EXPECT_TRUE(same(least[k], both{}(busfare::scalar<T>{a[k]}, busfare::scalar<T>{b[k]}).v));
      EXPECT_TRUE(same(most[k], other{}(busfare::scalar<T>{a[k]}, busfare::scalar<T>{b[k]}).v));
    }
  }
}

TEST(value_minmax, ignores_nan_and_orders_zeros) {
  all_pairs<float>();
  all_pairs<double>();
}

}  // namespace
