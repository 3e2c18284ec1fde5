// Traces and canonical programs: sharing, order, dead code, limits, symbols out of place.
#include <array>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <busfare/error.hpp>
#include <busfare/value/trace.hpp>

#include "core/canonical.hpp"
#include "core/program_text.hpp"
#include "core/trace_notes.hpp"

namespace {

using namespace busfare;
using namespace busfare::detail;
using backend::parameter;
using backend::parameter_kind;

constexpr value_type f32 = value_type::f32, i64 = value_type::i64;
constexpr parameter element{parameter_kind::element, type::f32};

symbol_id number(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, 4);
  return trace_literal(f32, bits);
}
symbol_id count(std::int64_t n) { return trace_literal(i64, static_cast<std::uint64_t>(n)); }
symbol_id binary(op o, symbol_id a, symbol_id b) { return trace_op(o, f32, {a, b}); }

template <class F> program_ptr traced(std::vector<parameter> arguments, F f) {
  trace_session s(arguments, source_line::here());
  const symbol_id r = f(s);
  const type stored = type::f32;
  return s.finish({&r, 1}, {&stored, 1});
}

template <class F> std::string refusal(F f) {
  try {
    f();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::invalid_argument);
    return e.what();
  }
  return "nothing was thrown";
}

// Mandelbrot's shape: two states, a condition, and a value that does not depend on the state.
symbol_id loop_of(trace_session& s, bool condition_first) {
  const symbol_id x = s.input(0), zero = number(0);
  const std::array start{zero, zero};
  const std::array types{f32, f32};
  std::array<symbol_id, 2> state, result;
  trace_loop_begin(count(100), start, types, state, nullptr);
  symbol_id tested, squared;
  const auto condition = [&] {
    squared = binary(op::mul, state[0], state[0]);
    tested = trace_op(op::lt, value_type::mask, {squared, number(4)});
  };
  if (condition_first) condition();
  const symbol_id invariant = binary(op::mul, x, number(2));
  const std::array next{binary(op::add, binary(op::mul, state[0], state[0]), invariant),
                        binary(op::add, state[1], number(1))};
  if (!condition_first) condition();
  trace_loop_finish(tested, next, result);
  return binary(op::add, result[0], result[1]);
}

TEST(program_trace, id_does_not_depend_on_the_order_of_evaluation) {
  const auto left = traced({element, element}, [](trace_session& s) {
    const symbol_id a = binary(op::mul, s.input(0), number(2)), b = binary(op::mul, s.input(1), number(3));
    return binary(op::add, a, b);
  });
  const auto right = traced({element, element}, [](trace_session& s) {
    const symbol_id b = binary(op::mul, s.input(1), number(3)), a = binary(op::mul, s.input(0), number(2));
    return binary(op::add, a, b);
  });
  EXPECT_EQ(left->id, right->id);
  EXPECT_TRUE(core::same(*left, *right));
  EXPECT_EQ(core::text(*left), core::text(*right));
  const auto first = traced({element}, [](trace_session& s) { return loop_of(s, true); });
  const auto last = traced({element}, [](trace_session& s) { return loop_of(s, false); });
  EXPECT_EQ(first->id, last->id);
  EXPECT_TRUE(core::same(*first, *last));
  EXPECT_FALSE(core::same(*first, *left));
}

TEST(program_trace, ids_are_the_same_on_every_compiler_and_run) {
  const auto p = traced({element}, [](trace_session& s) { return binary(op::mul, s.input(0), number(2)); });
  // Rows that join the vocabulary move the numbers of literals and inputs, and this id with them.
  EXPECT_EQ(core::hex(p->id), "4fc276961a88df9aa9b9f9533349d0bd");
}

TEST(program_trace, equal_nodes_are_shared_and_dead_ones_dropped) {
  const auto p = traced({element}, [](trace_session& s) {
    const symbol_id a = binary(op::add, s.input(0), number(1)), b = binary(op::add, s.input(0), number(1));
    binary(op::div, a, number(7));
    return binary(op::mul, a, b);
  });
  ASSERT_EQ(p->nodes.size(), 4u);
  EXPECT_EQ(p->nodes[3].operand[0], p->nodes[3].operand[1]);
  EXPECT_EQ(p->flops, 2);
}

TEST(program_trace, text_is_readable) {
  const auto p =
      traced({element}, [](trace_session& s) { return binary(op::mul, s.input(0), number(1.5f)); });
  EXPECT_EQ(core::text(*p), "program " + core::hex(p->id) +
                                "\n  a0: element f32\n  v0 = input a0: f32\n  v1 = literal 0x1.8p+0: f32\n"
                                "  v2 = mul v0 v1: f32\n  r0: v2 stored as f32\n");
}

TEST(program_trace, signed_zeros_and_widths_of_literals_are_kept_apart) {
  const auto p = traced({}, [](trace_session&) { return binary(op::add, number(0.0f), number(-0.0f)); });
  EXPECT_EQ(p->nodes.size(), 3u);
  const auto q = traced({}, [](trace_session&) {
    return trace_op(op::cast, f32,
                    {trace_op(op::add, value_type::i32,
                              {trace_literal(value_type::i32, 0xffffffffffffffffu),
                               trace_literal(value_type::i32, 0xffffffffu)})});
  });
  EXPECT_EQ(q->nodes.size(), 3u);
}

TEST(program_trace, invariant_values_stay_outside_of_loops) {
  const auto p = traced({element}, [](trace_session& s) { return loop_of(s, true); });
  ASSERT_EQ(p->loops.size(), 1u);
  int inside = 0, outside = 0;
  for (const program_node& n : p->nodes)
    if (n.op == op::mul) ++(n.loop == 0 ? outside : inside);
  EXPECT_EQ(outside, 1);
  EXPECT_EQ(inside, 1);
  // 4 operations a trip, half of 100 trips; two outside.
  EXPECT_EQ(p->flops, 4 * 50 + 2);
}

TEST(program_trace, long_chains_take_no_stack_and_no_exponential_time) {
  const auto p = traced({element}, [](trace_session& s) {
    symbol_id e = s.input(0);
    for (int k = 0; k < 500; ++k) e = binary(op::add, binary(op::mul, e, e), e);
    return e;
  });
  EXPECT_EQ(p->nodes.size(), 1001u);
  EXPECT_TRUE(core::take_trace_notes().empty());
  const auto longer = traced({element}, [](trace_session& s) {
    symbol_id e = s.input(0);
    for (int k = 0; k < 16000; ++k) e = binary(op::add, e, s.input(0));
    return e;
  });
  EXPECT_EQ(longer->nodes.size(), 16001u);
  const std::vector<std::string> notes = core::take_trace_notes();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("bf::fold"), std::string::npos);
}

TEST(program_trace, hundred_thousand_nodes_are_refused_and_the_next_trace_is_unharmed) {
  const std::string what = refusal([] {
    traced({element}, [](trace_session& s) {
      symbol_id e = s.input(0);
      for (int k = 0; k < 100000; ++k) e = binary(op::add, e, s.input(0));
      return e;
    });
  });
  EXPECT_NE(what.find("an unrolled for? use bf::fold"), std::string::npos) << what;
  core::take_trace_notes();
  EXPECT_EQ(traced({element}, [](trace_session& s) { return s.input(0); })->nodes.size(), 1u);
}

TEST(program_trace, symbols_out_of_place_are_refused) {
  symbol_id leaked;
  traced({element}, [&](trace_session& s) { return leaked = s.input(0); });
  EXPECT_NE(refusal([&] { trace_op(op::neg, f32, {leaked}); }).find("outside of the kernel"),
            std::string::npos);
  const std::string other = refusal(
      [&] { traced({element}, [&](trace_session& s) { return binary(op::add, s.input(0), leaked); }); });
  EXPECT_NE(other.find("another kernel"), std::string::npos);
  EXPECT_NE(other.find("program_trace_test.cpp:"), std::string::npos);
  EXPECT_NE(refusal([] {
              traced({element}, [](trace_session& s) {
                return traced({element}, [](trace_session& t) { return t.input(0); }), s.input(0);
              });
            }).find("inside a kernel"),
            std::string::npos);
  EXPECT_NE(refusal([] {
              traced({element}, [](trace_session& s) {
                const symbol_id start = s.input(0);
                symbol_id state, result;
                trace_loop_begin(count(3), {&start, 1}, {&f32, 1}, {&state, 1}, nullptr);
                const symbol_id inner = binary(op::mul, state, state);
                trace_loop_finish({}, {&inner, 1}, {&result, 1});
                return inner;
              });
            }).find("after the loop had ended"),
            std::string::npos);
}

TEST(program_trace, a_state_may_not_change_its_type) {
  const std::string what = refusal([] {
    traced({element}, [](trace_session& s) {
      const symbol_id start = s.input(0);
      symbol_id state, index, result;
      trace_loop_begin(count(3), {&start, 1}, {&f32, 1}, {&state, 1}, &index);
      trace_loop_finish({}, {&index, 1}, {&result, 1});
      return result;
    });
  });
  EXPECT_NE(what.find("bf::cast"), std::string::npos);
}

TEST(program_trace, f64_that_came_from_a_literal_only_is_told_apart) {
  const auto product = [](bool with_literal, bool wide_argument) {
    const parameter a{parameter_kind::element, wide_argument ? type::f64 : type::f32};
    return traced({a}, [&](trace_session& s) {
      symbol_id x = s.input(0);
      if (!wide_argument) x = trace_op(op::cast, value_type::f64, {x});
      const symbol_id y = with_literal ? trace_literal(value_type::f64, 0x4000000000000000u) : x;
      return trace_op(op::cast, f32, {trace_op(op::mul, value_type::f64, {x, y})});
    });
  };
  EXPECT_TRUE(product(true, false)->f64_from_literal);
  EXPECT_FALSE(product(false, false)->f64_from_literal);
  EXPECT_FALSE(product(true, true)->f64_from_literal);
  EXPECT_TRUE(product(false, true)->uses_f64);
}

}  // namespace
