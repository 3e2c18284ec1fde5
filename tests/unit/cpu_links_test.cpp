// Chains whose steps hand their elements on in registers: which do, and that they give what base gives.
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include <busfare/error.hpp>
#include <busfare/value/map_entries.hpp>

#include "cpu/executable.hpp"
#include "cpu/processor.hpp"
#include "support/entries.hpp"

namespace {

using namespace busfare;
using backend::argument;
using backend::parameter;
using backend::parameter_kind;
using backend::step;
using detail::element_argument;
using detail::number_argument;

struct scaled {
  auto operator()(auto x, auto s) const { return x * s + 1.0f; }
};
struct less_half {  // y is read from its array, narrow
  auto operator()(auto x, auto y) const { return x - y * 0.5f; }
};
struct whole_part {
  auto operator()(auto x) const { return busfare::cast<std::int32_t>(x); }
};
struct mixed {
  auto operator()(auto by, auto n) const { return (n ^ 5) + by; }
};
struct mixed_wrongly {
  auto operator()(auto by, auto n) const { return (n ^ 4) + by; }
};
struct exact {
  auto operator()(auto x) const { return busfare::cast<double>(x); }
};

template <class F, class Out, class... A>
constexpr const cpu_code& code_of = detail::map_entries<F, std::tuple<A...>, std::tuple<Out>>::code;
constexpr const cpu_code& c_scaled = code_of<scaled, float, element_argument<float>, number_argument<float>>;
constexpr const cpu_code& c_less =
    code_of<less_half, float, element_argument<float>, element_argument<std::uint8_t>>;
constexpr const cpu_code& c_whole = code_of<whole_part, std::int32_t, element_argument<float>>;
constexpr const cpu_code& c_mixed =
    code_of<mixed, std::int32_t, number_argument<std::int32_t>, element_argument<std::int32_t>>;

// z = ((int)(x * s + 1 - y / 2) ^ 5) + by
struct chain {
  chain() = default;
  chain(const chain&) = delete;  // its steps point into it
  chain& operator=(const chain&) = delete;

  cpu_code last = c_mixed;
  int x[1] = {0}, a[1] = {5}, a_y[2] = {5, 1}, b[1] = {6}, c[1] = {7}, z[1] = {2}, s[1] = {3}, by[1] = {4};
  step steps[4] = {{&c_scaled, x, a, s}, {&c_less, a_y, b, {}}, {&c_whole, b, c, {}}, {&last, c, z, by}};
  parameter parameters[5] = {{parameter_kind::element, type::f32},
                             {parameter_kind::element, type::u8},
                             {parameter_kind::result, type::i32},
                             {parameter_kind::number, type::f32},
                             {parameter_kind::number, type::i32}};
  type temporaries[3] = {type::f32, type::f32, type::i32};

  [[nodiscard]] backend::build_request request() const {
    backend::build_request r;
    r.parameters = parameters;
    r.steps = steps;
    r.temporaries = temporaries;
    return r;
  }
};

argument memory(const void* p) {
  argument a;
  a.memory = {const_cast<void*>(p), 0, 0, backend::memory_kind::mapped, const_cast<void*>(p)};
  return a;
}
template <class T> argument number(T v) {
  argument a;
  std::memcpy(&a.number, &v, sizeof v);
  return a;
}

std::vector<std::int32_t> run(cpu::executable& e, std::vector<float> x, const std::vector<std::uint8_t>& y,
                              std::uint64_t first, bool in_place) {
  std::vector<std::int32_t> z(x.size(), -7);
  void* const to = in_place ? static_cast<void*>(x.data()) : z.data();
  const argument a[] = {memory(x.data()), memory(y.data()), memory(to), number(3.25f), number(-11)};
  backend::launch l;
  l.arguments = a;
  l.first = first;
  l.count = x.size() - first;
  l.shape[2] = x.size();
  e.run(l);
  if (in_place) std::memcpy(z.data() + first, x.data() + first, (x.size() - first) * sizeof(float));
  return z;
}

TEST(cpu_links, give_what_base_gives) {
  const chain c;
  const std::uint64_t large = cpu::this_processor().last_level_cache / 12 + 77;  // streamed
  for (const isa set : busfare_test::supported_isas()) {
    cpu::executable e(c.request(), set), base(c.request(), isa::base);
    for (const std::uint64_t n : {1ul, 31ul, 32ul, 33ul, 64ul, 65ul, 127ul, 128ul, 1000ul, 70001ul, large}) {
      std::mt19937 random(static_cast<unsigned>(n));
      std::vector<float> x(n);
      std::vector<std::uint8_t> y(n);
      for (float& each : x) each = static_cast<float>(static_cast<int>(random() % 200001) - 100000) / 8;
      for (std::uint8_t& each : y) each = static_cast<std::uint8_t>(random());
      for (const std::uint64_t first : {std::uint64_t{0}, n / 3})
        for (const bool in_place : {false, true}) {
          if (n == large && (in_place || first != 0)) continue;
          ASSERT_EQ(run(e, x, y, first, in_place), run(base, x, y, first, in_place))
              << n << " elements from " << first << " with " << name_of(set) << ", seed " << n;
        }
    }
  }
}

TEST(cpu_links, are_what_a_chain_of_plain_maps_runs_by) {
  if (BUSFARE_LINKS == 0) GTEST_SKIP() << "this compiler passes vectors in memory";
  const chain c;
  EXPECT_TRUE(cpu::make_plan(c.request(), isa::base).links.empty());
  const cpu::plan p = cpu::make_plan(c.request(), isa::avx2);
  EXPECT_EQ(p.links.size(), 4u);
  EXPECT_EQ(p.link_set, isa::avx2);
  EXPECT_TRUE(p.links_comparable);
}

TEST(cpu_links, are_left_where_a_step_wants_anything_else) {
  const auto links = [](const chain& c) { return cpu::make_plan(c.request(), isa::avx2).links.size(); };
  chain one_value, another_value, without, wanted;
  one_value.parameters[0].kind = parameter_kind::broadcast;
  EXPECT_EQ(links(one_value), 0u) << "the first array is one value";
  another_value.parameters[1].kind = parameter_kind::broadcast;
  EXPECT_EQ(links(another_value), 0u) << "another array is one value";
  without.last.link = nullptr;
  EXPECT_EQ(links(without), 0u) << "a step has no such form";
  wanted.b[0] = 2;
  EXPECT_EQ(links(wanted), 0u) << "somebody wants a result on the way";
  // Elements that are wider than the registers take, or narrower.
  EXPECT_EQ((code_of<exact, double, element_argument<float>>.link), nullptr);
  EXPECT_EQ((code_of<whole_part, std::int32_t, element_argument<std::uint8_t>>.link), nullptr);
  EXPECT_EQ(c_less.link != nullptr, BUSFARE_LINKS != 0);
}

TEST(cpu_links, that_are_wrong_are_caught_by_base) {
  if (!cpu::supports(isa::avx2)) GTEST_SKIP() << "this processor has base only";
  if (BUSFARE_LINKS == 0) GTEST_SKIP() << "this compiler passes vectors in memory";
  chain c;
  c.last.link =
      code_of<mixed_wrongly, std::int32_t, number_argument<std::int32_t>, element_argument<std::int32_t>>.link;
  cpu::executable e(c.request(), isa::avx2);
  const std::vector<float> x(100, 2.0f);
  const std::vector<std::uint8_t> y(100, 1);
  try {
    run(e, x, y, 0, false);
    FAIL() << "not caught";
  } catch (const error& failure) {
    EXPECT_EQ(failure.kind(), error_class::internal);
    for (const char* part : {"a chain in registers", "avx2", "base", "element 0"})
      EXPECT_NE(failure.message().find(part), std::string::npos) << failure.what();
  }
}

}  // namespace
