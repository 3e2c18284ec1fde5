// Fused programs compute what their parts would have, stored and loaded in between.
#include <array>
#include <gtest/gtest.h>
#include <vector>

#include <busfare/error.hpp>
#include <busfare/value/half.hpp>
#include <busfare/value/trace.hpp>

#include "core/canonical.hpp"
#include "core/compose.hpp"
#include "core/program_text.hpp"

namespace {

using namespace busfare;
using namespace busfare::detail;
using backend::parameter;
using backend::parameter_kind;

constexpr value_type f32 = value_type::f32, i32 = value_type::i32, mask = value_type::mask;
using list = std::vector<symbol_id>;
parameter element(type t) { return {parameter_kind::element, t}; }
symbol_id integer(int x) { return trace_literal(i32, static_cast<std::uint32_t>(x)); }

template <class F> program_ptr traced(std::vector<parameter> arguments, std::vector<type> stored, F f) {
  trace_session s(arguments, source_line::here());
  const list r = f(s);
  return s.finish(r, stored);
}

void expect_same(const program_ptr& a, const program_ptr& b) {
  EXPECT_TRUE(core::same(*a, *b)) << core::text(*a) << core::text(*b);
}

// Part 1 stores x + y narrowly, part 2 triples what it loads.
program_ptr narrow_chain(type between) {
  const auto sum = traced({element(type::i32), element(type::i32)}, {between}, [](trace_session& s) {
    return list{trace_op(op::add, i32, {s.input(0), s.input(1)})};
  });
  const auto triple = traced({element(between)}, {type::i32}, [](trace_session& s) {
    return list{trace_op(op::mul, i32, {s.input(0), integer(3)})};
  });
  const std::array parts{core::fused_part{sum.get(), {0, 1}}, core::fused_part{triple.get(), {~0}}};
  return core::compose(parts, {element(type::i32), element(type::i32)}, std::array{1}, std::array{type::i32});
}

template <class F> program_ptr by_hand(F narrow) {
  return traced({element(type::i32), element(type::i32)}, {type::i32}, [&](trace_session& s) {
    const symbol_id sum = trace_op(op::add, i32, {s.input(0), s.input(1)});
    return list{trace_op(op::mul, i32, {narrow(sum), integer(3)})};
  });
}

TEST(program_compose, values_pass_through_their_stored_type) {
  const auto extended = [](int bits) {
    return [=](symbol_id x) {
      return trace_op(op::shr, i32, {trace_op(op::shl, i32, {x, integer(bits)}), integer(bits)});
    };
  };
  expect_same(narrow_chain(type::i32), by_hand([](symbol_id x) { return x; }));
  expect_same(narrow_chain(type::u8), by_hand([](symbol_id x) {
                return trace_op(op::band, i32, {x, integer(255)});
              }));
  expect_same(narrow_chain(type::u16), by_hand([](symbol_id x) {
                return trace_op(op::band, i32, {x, integer(65535)});
              }));
  expect_same(narrow_chain(type::i8), by_hand(extended(24)));
  expect_same(narrow_chain(type::i16), by_hand(extended(16)));
}

// Part 1 adds, and rounds where `rounds`; part 2 doubles what f16 keeps of it.
program_ptr half_chain(bool rounds) {
  const auto round = [&](symbol_id x) { return rounds ? half_rounded<false>(symbol<float>{x}).id : x; };
  const auto sum = traced({element(type::f32), element(type::f32)}, {type::f16}, [&](trace_session& s) {
    return list{round(trace_op(op::add, f32, {s.input(0), s.input(1)}))};
  });
  const auto twice = traced({element(type::f16)}, {type::f32}, [](trace_session& s) {
    return list{trace_op(op::add, f32, {s.input(0), s.input(0)})};
  });
  const std::array parts{core::fused_part{sum.get(), {0, 1}}, core::fused_part{twice.get(), {~0}}};
  return core::compose(parts, {element(type::f32), element(type::f32)}, std::array{1}, std::array{type::f32});
}

TEST(program_compose, halves_round_once) {
  const auto by_hand = traced({element(type::f32), element(type::f32)}, {type::f32}, [](trace_session& s) {
    const symbol_id sum = trace_op(op::add, f32, {s.input(0), s.input(1)});
    const symbol_id half = half_rounded<false>(symbol<float>{sum}).id;
    return list{trace_op(op::add, f32, {half, half})};
  });
  expect_same(half_chain(false), by_hand);
  expect_same(half_chain(true), by_hand);
}

TEST(program_compose, masks_come_back_as_zero_or_one_and_arguments_may_broadcast) {
  const auto less = traced({element(type::f32), element(type::f32)}, {type::u8}, [](trace_session& s) {
    return list{trace_op(op::lt, mask, {s.input(0), s.input(1)})};
  });
  const auto twice = traced({element(type::u8)}, {type::i32}, [](trace_session& s) {
    return list{trace_op(op::add, i32, {s.input(0), s.input(0)})};
  });
  const std::vector<parameter> arguments{element(type::f32), {parameter_kind::broadcast, type::f32}};
  const std::array parts{core::fused_part{less.get(), {0, 1}}, core::fused_part{twice.get(), {~0}}};
  const auto fused = core::compose(parts, arguments, std::array{0, 1}, std::array{type::u8, type::i32});
  expect_same(fused, traced(arguments, {type::u8, type::i32}, [](trace_session& s) {
                const symbol_id m = trace_op(op::lt, mask, {s.input(0), s.input(1)}),
                                x = trace_op(op::cast, i32, {m});
                return list{m, trace_op(op::add, i32, {x, x})};
              }));
}

// sum over k < n of table[k] * x
program_ptr weighted() {
  return traced({{parameter_kind::whole, type::f32}, element(type::f32), {parameter_kind::number, type::i64}},
                {type::f32}, [](trace_session& s) {
                  const symbol_id zero = trace_literal(f32, 0), x = s.input(1);
                  symbol_id state, index, result;
                  trace_loop_begin(s.input(2), {&zero, 1}, {&f32, 1}, {&state, 1}, &index);
                  const symbol_id next = trace_op(
                      op::add, f32, {state, trace_op(op::mul, f32, {trace_lookup(0, f32, index), x})});
                  trace_loop_finish({}, {&next, 1}, {&result, 1});
                  return list{result};
                });
}

TEST(program_compose, loops_tables_and_indices_keep_their_meaning) {
  const auto part = weighted();
  const auto last = traced({element(type::f32), element(type::f32)}, {type::f32}, [](trace_session& s) {
    return list{
        trace_op(op::add, f32,
                 {trace_op(op::sub, f32, {s.input(0), s.input(1)}), trace_op(op::cast, f32, {s.index(1)})})};
  });
  const std::vector<parameter> arguments{
      element(type::f32), {parameter_kind::whole, type::f32}, {parameter_kind::number, type::i64}};
  const std::array parts{core::fused_part{part.get(), {1, 0, 2}}, core::fused_part{part.get(), {1, ~0, 2}},
                         core::fused_part{last.get(), {~0, ~1}}};
  const auto fused = core::compose(parts, arguments, std::array{2}, std::array{type::f32});
  ASSERT_EQ(fused->loops.size(), 2u);
  EXPECT_EQ(fused->loops[0].parent, 0);
  EXPECT_TRUE(fused->uses_index);
  expect_same(
      fused, traced(arguments, {type::f32}, [](trace_session& s) {
        const auto loop = [&](symbol_id x) {
          const symbol_id zero = trace_literal(f32, 0);
          symbol_id state, index, result;
          trace_loop_begin(s.input(2), {&zero, 1}, {&f32, 1}, {&state, 1}, &index);
          const symbol_id next =
              trace_op(op::add, f32, {state, trace_op(op::mul, f32, {trace_lookup(1, f32, index), x})});
          trace_loop_finish({}, {&next, 1}, {&result, 1});
          return result;
        };
        const symbol_id first = loop(s.input(0)), second = loop(first);
        return list{trace_op(
            op::add, f32, {trace_op(op::sub, f32, {first, second}), trace_op(op::cast, f32, {s.index(1)})})};
      }));
}

TEST(program_compose, what_does_not_fit_is_an_error) {
  const auto part = weighted();
  const std::vector<parameter> arguments{
      element(type::f32), {parameter_kind::whole, type::f32}, {parameter_kind::number, type::i64}};
  const std::vector<std::vector<int>> sources{{0, 0, 2}, {1, 0}, {1, ~0, 2}, {1, 7, 2}, {1, 2, 2}};
  for (const std::vector<int>& source : sources) {
    const core::fused_part p{part.get(), source};
    EXPECT_THROW(core::compose({&p, 1}, arguments, std::array{0}, std::array{type::f32}), error);
  }
}

}  // namespace
