// Counts of operations, and what a division weighs in the roofline.
#include "core/work_count.hpp"

#include <gtest/gtest.h>
#include <vector>

#include <busfare/value/trace.hpp>

#include "model/kernel_time.hpp"

namespace {

using namespace busfare;
using detail::symbol_id;
using detail::trace_op;

constexpr value_type f32 = value_type::f32;

template <class F> core::work_count count(F f) {
  const backend::parameter x{backend::parameter_kind::element, type::f32};
  detail::trace_session s({&x, 1}, source_line::here());
  const symbol_id r = f(s.input(0));
  const type stored = type::f32;
  const program_ptr p = s.finish({&r, 1}, {&stored, 1});
  return core::work_of(*p, {});
}

TEST(work_count, divisions_are_kept_apart_from_instructions) {
  const core::work_count w = count([](symbol_id x) {
    return trace_op(op::add, f32, {trace_op(op::sqrt, f32, {x}), trace_op(op::div, f32, {x, x})});
  });
  EXPECT_EQ(w.divisions, 2);
  EXPECT_EQ(w.instructions, 1);
  EXPECT_EQ(w.flops, 3);
  const core::work_count f = count([](symbol_id x) { return trace_op(op::fma, f32, {x, x, x}); });
  EXPECT_EQ(f.instructions, 1);
  EXPECT_EQ(f.flops, 2);
}

TEST(work_count, definitions_are_opened) {
  const core::work_count exp = count([](symbol_id x) { return trace_op(op::exp, f32, {x}); });
  const core::work_count cdf = count([](symbol_id x) { return trace_op(op::normal_cdf, f32, {x}); });
  EXPECT_EQ(exp.flops, 16);
  EXPECT_EQ(exp.divisions, 0);
  EXPECT_GT(exp.instructions, 20);
  EXPECT_EQ(cdf.divisions, 2);
  EXPECT_GT(cdf.instructions, exp.instructions + 20);
}

TEST(work_count, a_division_weighs_what_was_measured_else_sixteen_flops) {
  device_rates r;
  r.flops_per_second_f32 = 80e9;
  EXPECT_DOUBLE_EQ(model::weighted_flops(r, 10, 3, false), 2 * 10 + 16 * 3);
  r.divisions_per_second_f32 = 4e9;
  EXPECT_DOUBLE_EQ(model::weighted_flops(r, 10, 3, false), 2 * 10 + 20 * 3);
  EXPECT_DOUBLE_EQ(model::weighted_flops(r, 10, 3, true), 2 * 10 + 16 * 3);
  r.divisions_per_second_f64 = 1e9;  // the peak is half of f32
  EXPECT_DOUBLE_EQ(model::weighted_flops(r, 10, 3, true), 2 * 10 + 40 * 3);
}

}  // namespace
