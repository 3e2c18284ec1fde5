// What threads write while they run a launch: apart from what other threads write.
#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <span>

#include "cpu/scratch.hpp"
#include "support/host_kernels.hpp"

namespace {

using namespace busfare;
using namespace busfare_tests;  // NOLINT: tests

// A map of two steps, with one temporary between them.
cpu::plan two_steps() {
  static const cpu_code code{{&twice, &twice, &twice}, false};
  static const int x[] = {0}, between[] = {2}, y[] = {1};
  static const backend::step steps[] = {{&code, x, between, {}}, {&code, between, y, {}}};
  static const backend::parameter parameters[] = {{backend::parameter_kind::element, type::f32},
                                                  {backend::parameter_kind::result, type::f32}};
  static const type temporary = type::f32;
  backend::build_request r;
  r.parameters = parameters;
  r.temporaries = {&temporary, 1};
  r.steps = steps;
  return cpu::make_plan(r, isa::base);
}

std::set<std::uintptr_t> lines_of(const cpu::scratch& s, std::size_t temporaries) {
  std::set<std::uintptr_t> lines;
  const auto add = [&](const void* from, std::size_t bytes) {
    const auto first = reinterpret_cast<std::uintptr_t>(from);
    for (std::uintptr_t at = first; at < first + bytes; ++at) lines.insert(at / 64);
  };
  const auto add_table = [&](auto table) { add(table.data(), table.size_bytes()); };
  add(s.memory.data(), temporaries);
  add_table(s.base);
  add_table(s.where);
  add_table(s.in);
  add_table(s.out);
  add_table(s.fold_in);
  add_table(s.fold_out);
  add_table(s.blocks);
  add_table(s.moving_in);
  add_table(s.moving_out);
  add_table(s.fetched);
  add_table(s.links);
  add_table(s.link_arrays);
  return lines;
}

TEST(cpu_scratch, two_threads_share_no_cache_line) {
  const cpu::plan plan = two_steps();
  EXPECT_GT(plan.scratch_bytes, 0u);
  const cpu::scratch a(plan), b(plan);
  EXPECT_EQ(a.blocks.size(), 2u);
  const auto of_a = lines_of(a, plan.scratch_bytes), of_b = lines_of(b, plan.scratch_bytes);
  EXPECT_GT(of_a.size(), plan.scratch_bytes / 64);
  for (const std::uintptr_t line : of_a) EXPECT_FALSE(of_b.contains(line));
}

TEST(cpu_scratch, tables_and_temporaries_are_apart_and_aligned) {
  const cpu::plan plan = two_steps();
  const cpu::scratch s(plan);
  const auto at = [](const auto* p) { return reinterpret_cast<std::uintptr_t>(p); };
  const std::uintptr_t first = at(s.memory.data()), end = first + plan.scratch_bytes;
  for (const std::uintptr_t each :
       {at(s.base.data()), at(s.in.data()), at(s.out.data()), at(s.blocks.data()), at(s.moving_in.data()),
        at(s.moving_out.data()), at(s.fetched.data()), at(s.links.data()), at(s.link_arrays.data())}) {
    EXPECT_EQ(each % 64, 0u);
    EXPECT_TRUE(each < first || each >= end);
  }
}

}  // namespace
