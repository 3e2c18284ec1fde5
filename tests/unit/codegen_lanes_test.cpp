// Which values of a kernel differ between neighbouring elements, and the text that follows from it.
#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <busfare/value/patch.hpp>
#include <busfare/value/trace.hpp>

#include "core/dialect/emit.hpp"
#include "core/dialect/lanes.hpp"

namespace {

using namespace busfare;
using namespace busfare::detail;
using backend::parameter_kind;
using core::spread;
using relation = core::lane_check::relation;

constexpr value_type f32 = value_type::f32, i64 = value_type::i64, mask = value_type::mask;

// A window's middle and left neighbour.
template <class Edge> program_ptr left_neighbour() {
  const std::array<backend::parameter, 2> arguments{
      {{parameter_kind::whole, type::f32}, {parameter_kind::number, type::f32}}};
  const type stored = type::f32;
  trace_session s(arguments, source_line::here());
  window_use use{};
  const patch<float, 2, Edge, symbol_reading> u{0, &use};
  const symbol<float> difference = u(0, 0) - u(0, -1);
  return s.finish({&difference.id, 1}, {&stored, 1});
}

std::size_t count(const program& p, const core::lane_plan& plan, op o, spread how) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < p.nodes.size(); ++i) n += p.nodes[i].op == o && plan.of[i] == how;
  return n;
}

bool checks(const core::lane_plan& plan, relation r) {
  return std::any_of(plan.checks.begin(), plan.checks.end(),
                     [&](const core::lane_check& c) { return c.holds == r; });
}

TEST(codegen_lanes, a_window_reads_whole_vectors_in_the_interior) {
  const program_ptr p = left_neighbour<border::clamp_t>();
  ASSERT_EQ(core::moving_axis(*p), 1);
  const core::lane_plan plan = core::plan_lanes(*p, 1);
  EXPECT_EQ(count(*p, plan, op::lookup, spread::varying), 2u);
  for (std::size_t i = 0; i < p->nodes.size(); ++i) {
    if (p->nodes[i].op != op::lookup) continue;
    EXPECT_EQ(plan.within[i], 1);
    EXPECT_EQ(plan.of[p->nodes[i].operand[0]], spread::consecutive);
  }
  EXPECT_TRUE(checks(plan, relation::at_least)) << "the left edge";
  EXPECT_TRUE(checks(plan, relation::within));
  // The row's index is the same for all, so that its clamp is a scalar and needs no check.
  for (const core::lane_check& c : plan.checks) EXPECT_EQ(plan.of[c.moving], spread::consecutive);
}

TEST(codegen_lanes, borders_are_decided_by_what_holds_amid_the_array) {
  const program_ptr wrapped = left_neighbour<border::wrap_t>();
  const core::lane_plan wraps = core::plan_lanes(*wrapped, 1);
  for (std::size_t i = 0; i < wrapped->nodes.size(); ++i)
    if (wrapped->nodes[i].op == op::select) {
      EXPECT_EQ(wraps.chosen[i], 2) << "the place itself";
    }
  const program_ptr constant = left_neighbour<border::constant_t<float>>();
  const core::lane_plan is_there = core::plan_lanes(*constant, 1);
  for (std::size_t i = 0; i < constant->nodes.size(); ++i)
    if (constant->nodes[i].op == op::select) {
      EXPECT_EQ(is_there.chosen[i], 1) << "what was read";
    }
}

// select(place < half of the row, ...) may be either: both are computed, and no check is made of it.
TEST(codegen_lanes, comparisons_away_from_the_edges_are_not_guessed) {
  const std::array<backend::parameter, 1> arguments{{{parameter_kind::number, type::i64}}};
  const type stored = type::i64;
  trace_session s(arguments, source_line::here());
  const symbol_id at = s.index(0), middle = trace_op(op::div, i64, {trace_extent(0), trace_literal(i64, 2)});
  const symbol_id by_half = trace_op(op::select, i64, {trace_op(op::lt, mask, {at, middle}), at, s.input(0)});
  const symbol_id by_number =
      trace_op(op::select, i64, {trace_op(op::lt, mask, {at, s.input(0)}), by_half, at});
  const program_ptr p = s.finish({&by_number, 1}, {&stored, 1});
  const core::lane_plan plan = core::plan_lanes(*p, 0);
  EXPECT_TRUE(plan.checks.empty());
  EXPECT_EQ(count(*p, plan, op::lt, spread::varying), 2u);
}

// fold(n, ...) with one n for all runs in step; what it reads by its trip number is one value for all.
TEST(codegen_lanes, loops_in_step_read_scalars) {
  const std::array<backend::parameter, 3> arguments{{{parameter_kind::element, type::f32},
                                                     {parameter_kind::whole, type::f32},
                                                     {parameter_kind::number, type::i64}}};
  const type stored = type::f32;
  trace_session s(arguments, source_line::here());
  const symbol_id start[] = {s.input(0), trace_literal(i64, 0)};
  const value_type types[] = {f32, i64};
  symbol_id state[2], trip, result[2];
  trace_loop_begin(s.input(2), start, types, state, &trip);
  const symbol_id next[] = {trace_op(op::add, f32, {state[0], trace_lookup(1, f32, trip)}),
                            trace_op(op::add, i64, {state[1], trip})};
  trace_loop_finish(symbol_id{}, next, result);
  const symbol_id r = trace_op(op::add, f32, {result[0], trace_lookup(1, f32, result[1])});
  const program_ptr p = s.finish({&r, 1}, {&stored, 1});
  const core::lane_plan plan = core::plan_lanes(*p, -1);
  EXPECT_EQ(plan.masked[1], 0);
  EXPECT_EQ(count(*p, plan, op::lookup, spread::uniform), 2u);
  EXPECT_EQ(std::count(plan.states[0].begin(), plan.states[0].end(), spread::uniform), 1);
}

}  // namespace
