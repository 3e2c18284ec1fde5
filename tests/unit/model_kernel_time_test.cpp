// Kernel times: roofline, history, and which of them answered.
#include <cmath>
#include <gtest/gtest.h>

#include "model/correction.hpp"
#include "model/kernel_time.hpp"

namespace {

using namespace busfare;
using namespace busfare::model;

device_rates rates() {
  device_rates r;
  r.launch_seconds = 5e-6;
  r.bytes_per_second = 1e12;
  r.flops_per_second_f32 = 1e13;
  return r;
}

TEST(model_kernel_time, roofline_takes_the_slower_of_memory_and_arithmetic) {
  EXPECT_DOUBLE_EQ(roofline_seconds(rates(), {1, 12, 1000000, false}), 5e-6 + 12e-6);
  EXPECT_DOUBLE_EQ(roofline_seconds(rates(), {1000, 12, 1000000, false}), 5e-6 + 1e-4);
  EXPECT_DOUBLE_EQ(roofline_seconds(rates(), {1000, 12, 1000000, true}), 5e-6 + 2e-4);
  EXPECT_DOUBLE_EQ(roofline_seconds(device_rates{}, {1000, 12, 1000000, true}), 0);
}

TEST(model_kernel_time, history_comes_before_fit_before_roofline) {
  history h;
  const kernel_key key{1, 2, 0};
  const kernel_work work{1, 12, 1 << 20, false};
  EXPECT_EQ(h.predict(key, rates(), work).from, basis::roofline);
  for (int i = 0; i < 9; ++i) h.add(key, 1 << 20, i == 4 ? 1.0 : 1e-3);  // one wild sample
  const kernel_estimate seen = h.predict(key, rates(), work);
  EXPECT_EQ(seen.from, basis::history);
  EXPECT_NEAR(seen.value, 1e-3, 1e-8);
  EXPECT_LE(seen.low, seen.value);
  EXPECT_GE(seen.high, seen.value);
  kernel_work bigger = work;
  bigger.elements = 1 << 22;
  EXPECT_EQ(h.predict(key, rates(), bigger).from, basis::fit);
  h.add(key, 1 << 24, 16e-3);
  const kernel_estimate between = h.predict(key, rates(), bigger);
  EXPECT_EQ(between.from, basis::fit);
  EXPECT_NEAR(between.value, 4e-3, 1e-5);  // a line in log-log
  EXPECT_EQ(h.predict({1, 3, 0}, rates(), work).from, basis::roofline);
  EXPECT_EQ(h.predict({1, 2, 1}, rates(), work).from, basis::roofline);
}

TEST(model_correction, follows_the_median_of_what_was_seen) {
  correction c;
  for (int i = 0; i < 4; ++i) c.add(2);
  EXPECT_EQ(c.factor(), 1);  // too few
  c.add(NAN);
  c.add(0);
  EXPECT_EQ(c.factor(), 1);
  c.add(100);
  EXPECT_EQ(c.factor(), 2);
  for (int i = 0; i < 8; ++i) c.add(0.5);
  EXPECT_EQ(c.factor(), 0.5);
  for (int i = 0; i < 15; ++i) c.add(1e6);
  EXPECT_EQ(c.factor(), 8);
}

TEST(model_kernel_time, keeps_the_last_31_samples) {
  history h;
  const kernel_key key{};
  for (int i = 0; i < 100; ++i) h.add(key, 1000, 1.0);
  for (int i = 0; i < 31; ++i) h.add(key, 1000, 2.0);
  EXPECT_EQ(h.samples(key, 1000), 31u);
  EXPECT_NEAR(h.predict(key, rates(), {1, 1, 1000, false}).value, 2.0, 1e-5);
  h.add(key, 0, 1);
  h.add(key, 1000, NAN);
  h.add(key, 1000, 0);
  EXPECT_NEAR(h.predict(key, rates(), {1, 1, 1000, false}).low, 2.0 * std::exp(-0.05), 1e-3);
}

}  // namespace
