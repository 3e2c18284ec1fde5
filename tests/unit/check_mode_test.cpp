// What check mode finds in kernels: where, how often, and what it keeps silent about.
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <busfare/busfare.hpp>

#include "support/checking.hpp"

namespace {

namespace bf = busfare;
using bf::finding_kind;
using busfare_test::checking;
using busfare_test::expect_finding;
using busfare_test::next_line;
using busfare_test::real_devices;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> ramp(std::size_t n) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(i);
  return v;
}

struct look_up {
  auto operator()(auto i, auto all) const { return all[i]; }
};

TEST(check_mode, reads_out_of_range_are_found_with_line_and_counts) {
  const checking on;
  const auto table = bf::copy_of(std::vector<float>{10, 20, 30});
  const auto at = bf::copy_of(std::vector<int>{0, 2, 3, -1, 1, 7});
  for (const std::string& device : real_devices()) {
    constexpr auto line = next_line();
    const auto y = bf::map(bf::on(device), look_up{}, at, bf::whole(table));
    const bf::receipt r = bf::run(y);
    ASSERT_EQ(r.findings.size(), 1u) << r;
    expect_finding(r.findings[0], finding_kind::out_of_range, line, "lookup", 3, 2,
                   "argument 2 was read at index 3 of 3 elements: that is element 2");
    EXPECT_EQ(r.findings[0].device, device);
    EXPECT_EQ(r.findings[0].elements, 6u);
    EXPECT_EQ(y.host()[5], 30);  // results are what they are without it
  }
}

TEST(check_mode, reads_of_an_empty_table_are_found) {
  const checking on;
  const auto table = bf::copy_of(std::vector<float>{});
  constexpr auto line = next_line();
  const auto y = bf::map(bf::on("cpu"), look_up{}, bf::copy_of(std::vector<int>{5, 0}), bf::whole(table));
  const bf::receipt r = bf::run(y);
  ASSERT_EQ(r.findings.size(), 1u) << r;
  expect_finding(r.findings[0], finding_kind::out_of_range, line, "lookup", 2, 0,
                 "argument 2 was read at index 5 of 0 elements: that is 0");
}

TEST(check_mode, births_of_nans_are_found_and_what_they_beget_is_not) {
  const checking on;
  const auto x = bf::copy_of(std::vector<float>{1, -4, 0, nan, -1, infinity});
  for (const std::string& device : real_devices()) {
    const auto kernel = [](auto v) { return bf::sqrt(v) * 2.0f + v; };
    constexpr auto line = next_line();
    const auto y = bf::map(bf::on(device), kernel, x);
    const bf::receipt r = bf::run(y);
    ASSERT_EQ(r.findings.size(), 1u) << device << '\n' << r;
    expect_finding(r.findings[0], finding_kind::nan_born, line, "sqrt", 2, 1, "sqrt(-4) is NaN");
  }
}

TEST(check_mode, births_of_nans_by_operators) {
  const checking on;
  const auto x = bf::copy_of(std::vector<double>{infinity, 0, 1});
  const auto kernel = [](auto v) { return std::tuple(v - v, v / (v * 2.0)); };
  constexpr auto line = next_line();
  const auto [a, b] = bf::map(bf::on("cpu"), kernel, x);
  const bf::receipt r = bf::run(a, b);
  ASSERT_EQ(r.findings.size(), 2u) << r;
  expect_finding(r.findings[0], finding_kind::nan_born, line, "sub", 1, 0, "sub(inf, inf) is NaN");
  expect_finding(r.findings[1], finding_kind::nan_born, line, "div", 2, 0, "div(inf, inf) is NaN");
}

// Parts that threads share, and the last block is not full.
TEST(check_mode, many_blocks_add_up_to_one_finding) {
  const checking on;
  std::vector<float> x(100123, 1.0f);
  std::uint64_t negative = 0;
  for (std::size_t i = 17001; i < x.size(); i += 997, ++negative) x[i] = -static_cast<float>(i);
  const auto kernel = [](auto v) { return bf::sqrt(v); };
  const auto in = bf::copy_of(x);
  for (int round = 0; round < 5; ++round) {
    constexpr auto line = next_line();
    const auto y = bf::map(bf::on("cpu"), kernel, in);
    const bf::receipt r = bf::run(y);
    ASSERT_EQ(r.findings.size(), 1u) << r;
    expect_finding(r.findings[0], finding_kind::nan_born, line, "sqrt", negative, 17001,
                   "sqrt(-17001) is NaN");
  }
}

TEST(check_mode, arms_that_were_not_chosen_are_no_findings) {
  const checking on;
  const auto x = bf::copy_of(std::vector<float>{4, -4, 0, 9});
  const auto table = bf::copy_of(std::vector<float>{1, 2});
  const auto kernel = [](auto v, auto all) {
    const auto root = bf::select(v < 0.0f, 0.0f, bf::sqrt(v));
    const auto i = bf::cast<std::int64_t>(v);
    return root + bf::select(i >= 0 && i < 2, all[i], -1.0f);
  };
  for (const std::string& device : real_devices()) {
    const bf::receipt r = bf::run(bf::map(bf::on(device), kernel, x, bf::whole(table)));
    EXPECT_TRUE(r.findings.empty()) << device << '\n' << r;
  }
}

// As && and || of C++ guard what is on their right.
TEST(check_mode, the_left_of_and_and_or_guards_the_right) {
  const checking on;
  const auto i = bf::copy_of(std::vector<int>{0, 1, 2, -1});
  const auto table = bf::copy_of(std::vector<float>{1, 2});
  const auto guarded = bf::map(
      bf::on("cpu"), [](auto k, auto t) { return k >= 0 && k < 2 && t[k] > 0.0f; }, i, bf::whole(table));
  const auto excused = bf::map(
      bf::on("cpu"), [](auto k, auto t) { return k < 0 || k > 1 || t[k] > 0.0f; }, i, bf::whole(table));
  const bf::receipt quiet = bf::run(guarded, excused);
  EXPECT_TRUE(quiet.findings.empty()) << quiet;
  const auto kernel = [](auto k, auto t) { return t[k] > 0.0f && k < 2; };
  constexpr auto line = next_line();
  const auto late = bf::map(bf::on("cpu"), kernel, i, bf::whole(table));
  const bf::receipt r = bf::run(late);
  ASSERT_EQ(r.findings.size(), 1u) << r;
  expect_finding(r.findings[0], finding_kind::out_of_range, line, "lookup", 2, 2,
                 "argument 2 was read at index 2 of 2 elements: that is element 1");
}

// A lane that has ended is computed on, and its roots of negative numbers are nobody's.
TEST(check_mode, lanes_that_have_ended_are_no_findings) {
  const checking on;
  const auto kernel = [](auto v) {
    return bf::iterate(
        50, v, [](auto s) { return s >= 0.0f; }, [](auto s) { return bf::sqrt(s) - 1.0f; });
  };
  for (const std::string& device : real_devices()) {
    const bf::receipt r = bf::run(bf::map(bf::on(device), kernel, bf::copy_of(ramp(600))));
    EXPECT_TRUE(r.findings.empty()) << device << '\n' << r;
  }
}

TEST(check_mode, births_in_loops_count_once_per_element) {
  const checking on;
  const auto x = bf::copy_of(std::vector<float>{1, 5, 2, 7});
  const auto kernel = [](auto v) {
    return bf::fold(4, 0.0f,
                    [&](auto s, auto i) { return bf::max(s, bf::log(v - 2.0f * bf::cast<float>(i))); });
  };
  constexpr auto line = next_line();
  const auto y = bf::map(bf::on("cpu"), kernel, x);
  const bf::receipt r = bf::run(y);
  ASSERT_EQ(r.findings.size(), 1u) << r;
  // 1 at the trips 1 to 3, 5 at trip 3, 2 at the trips 2 and 3, 7 never.
  expect_finding(r.findings[0], finding_kind::nan_born, line, "log", 3, 0, "log(-1) is NaN");
}

TEST(check_mode, a_loop_that_reached_its_max_is_found) {
  const checking on;
  const auto kernel = [](auto v) {
    return bf::iterate(
        5, v, [](auto s) { return s < 100.0f; }, [](auto s) { return s * 2.0f; });
  };
  const auto x = bf::copy_of(std::vector<float>{200, 1, 3.125f, 3.126f, 50, 0});
  for (const std::string& device : real_devices()) {
    constexpr auto line = next_line();
    const auto y = bf::map(bf::on(device), kernel, x);
    const bf::receipt r = bf::run(y);
    ASSERT_EQ(r.findings.size(), 1u) << device << '\n' << r;
    // 3.125 is exactly 100 after its fifth step: its condition has ended with its steps.
    expect_finding(r.findings[0], finding_kind::limit_reached, line, "iterate", 2, 1,
                   "its condition still held after its max of 5 steps");
  }
}

TEST(check_mode, limits_per_element_and_folds) {
  const checking on;
  const auto limits = bf::copy_of(std::vector<int>{0, 3, 40, -2});
  const auto kernel = [](auto n) {
    return bf::iterate(
        n, 1.0f, [](auto s) { return s < 1000.0f; }, [](auto s) { return s * 2.0f; });
  };
  constexpr auto line = next_line();
  const auto y = bf::map(bf::on("cpu"), kernel, limits);
  const bf::receipt r = bf::run(y);
  ASSERT_EQ(r.findings.size(), 1u) << r;
  expect_finding(r.findings[0], finding_kind::limit_reached, line, "iterate", 3, 0,
                 "its condition still held after its max of 0 steps");
  const bf::receipt of_fold = bf::run(bf::map(
      bf::on("cpu"), [](auto n) { return bf::fold(n, 0, [](auto s, auto) { return s + 1; }); }, limits));
  EXPECT_TRUE(of_fold.findings.empty()) << of_fold;
}

// Where the outer loop has ended, what the inner one would do is nobody's.
TEST(check_mode, nested_loops) {
  const checking on;
  const auto x = bf::copy_of(std::vector<float>{2, -5, 90, 150});
  const auto kernel = [](auto v) {
    return bf::iterate(
        9, v, [](auto s) { return s > 0.0f && s < 100.0f; },
        [](auto s) {
          return bf::iterate(
                     3, s, [](auto t) { return t < 50.0f; }, [](auto t) { return t + 8.0f; }) +
                 10.0f * bf::sqrt(s);
        });
  };
  constexpr auto line = next_line();
  const auto y = bf::map(bf::on("cpu"), kernel, x);
  const bf::receipt r = bf::run(y);
  // 2: 26 after three inner steps, whose condition still holds; then 40.14..., 48.14 + 8 and 63; the end.
  ASSERT_EQ(r.findings.size(), 1u) << r;
  expect_finding(r.findings[0], finding_kind::limit_reached, line, "iterate", 1, 0,
                 "its condition still held after its max of 3 steps");
}

TEST(check_mode, what_no_result_rests_on_is_not_looked_at) {
  const checking on;
  const auto x = bf::copy_of(std::vector<float>{-1, 1});
  const bf::receipt r = bf::run(bf::map(
      bf::on("cpu"), [](auto v) { return bf::select(v == v, v, bf::log(v) + bf::sqrt(v)); }, x));
  EXPECT_TRUE(r.findings.empty()) << r;
}

TEST(check_mode, results_nobody_has_are_not_looked_at) {
  const checking on;
  const auto x = bf::copy_of(std::vector<float>{-1, 1});
  const auto kernel = [](auto v) { return std::tuple(bf::sqrt(v), v + 1.0f); };
  auto [root, more] = bf::map(bf::on("cpu"), kernel, x);
  root = {};
  const bf::receipt r = bf::run(more);
  EXPECT_TRUE(r.findings.empty()) << r;
}

// Bits that a kernel puts together mean what they mean.
TEST(check_mode, made_bits_and_given_nans_are_no_births) {
  const checking on;
  const auto x = bf::copy_of(std::vector<int>{0x7fc00000, 0x3f800000});
  const bf::receipt r = bf::run(bf::map(
      bf::on("cpu"), [](auto v) { return bf::select(v < 0, nan, bf::bit_cast<float>(v)) + 1.0f; }, x));
  EXPECT_TRUE(r.findings.empty()) << r;
  const auto y = bf::copy_of(std::vector<float>{nan, 3.5f, -0.5f, 1e30f});
  const bf::receipt rounded = bf::run(bf::map(
      bf::on("cpu"),
      [](auto v) { return bf::round(v) + bf::trunc(v) + bf::ceil(v) + bf::floor(v) + bf::sign(v); }, y));
  EXPECT_TRUE(rounded.findings.empty()) << rounded;
}

TEST(check_mode, windows_show_their_borders_silently) {
  const checking on;
  const auto u = bf::copy_of(ramp(24 * 17)).reshape(bf::extents{24, 17});
  const auto blur = [](auto w) { return w(-2, 0) + w(2, 1) + w(0, -1) - w(0, 0) + w(0, 1); };
  const auto line = [](auto w) { return w(-3) + w(3); };
  const auto box = [](auto w) { return w(-1, 0, 1) + w(1, 1, -1) + w(0, 0, 0); };
  const auto flat = bf::copy_of(ramp(300));
  const auto cube = bf::copy_of(ramp(5 * 6 * 7)).reshape(bf::extents{5, 6, 7});
  for (const std::string& device : real_devices()) {
    const bf::options how = bf::on(device);
    const auto quiet = [&](const bf::receipt& r) { EXPECT_TRUE(r.findings.empty()) << device << '\n' << r; };
    const auto all = [&](auto edge) {
      quiet(bf::run(bf::map(how, blur, bf::window(u, {2, 1}, edge)),
                    bf::map(how, line, bf::window(flat, 3, edge)),
                    bf::map(how, box, bf::window(cube, {1, 1, 1}, edge))));
    };
    all(bf::border::clamp);
    all(bf::border::wrap);
    all(bf::border::reflect);
    all(bf::border::constant(-1));
  }
}

template <class Edge> void look_far(Edge edge, const std::string& device) {
  const auto kernel = [](auto w, auto d) { return w(0, d) + w(1, 0); };
  const auto u = bf::copy_of(ramp(6 * 5)).reshape(bf::extents{6, 5});
  std::vector<int> by(30, 1);
  by[7] = -3;
  by[20] = 2;
  by[21] = -2;
  by[22] = 3;
  const auto d = bf::copy_of(by).reshape(bf::extents{6, 5});
  constexpr auto line = next_line();
  const auto y = bf::map(bf::on(device), kernel, bf::window(u, {1, 2}, edge), d);
  const bf::receipt r = bf::run(y);
  ASSERT_EQ(r.findings.size(), 1u) << Edge::name << '\n' << r;
  expect_finding(r.findings[0], finding_kind::beyond_radius, line, "lookup", 2, 7,
                 "argument 1 was looked through -3 elements away along axis 1, where its radius is 2");
}

// With a number, recording refuses it; what is computed only check mode knows.
TEST(check_mode, windows_that_are_looked_through_farther_than_their_radius) {
  const checking on;
  for (const std::string& device : real_devices()) {
    look_far(bf::border::clamp, device);
    look_far(bf::border::wrap, device);
    look_far(bf::border::reflect, device);
    look_far(bf::border::constant(0.5f), device);
  }
  const auto u = bf::copy_of(ramp(100));
  const auto kernel = [](auto w) { return bf::fold(5, 0.0f, [&](auto s, auto i) { return s + w(i - 1); }); };
  constexpr auto line = next_line();
  const auto y = bf::map(bf::on("cpu"), kernel, bf::window(u, 2));
  const bf::receipt r = bf::run(y);
  ASSERT_EQ(r.findings.size(), 1u) << r;
  expect_finding(r.findings[0], finding_kind::beyond_radius, line, "lookup", 100, 0,
                 "argument 1 was looked through 3 elements away along axis 0, where its radius is 2");
}

TEST(check_mode, reductions_tell_only_that_a_nan_was_born) {
  const checking on;
  for (const std::string& device : real_devices()) {
    constexpr auto line = next_line();
    const auto total = bf::sum(bf::on(device), bf::copy_of(std::vector<float>{1, infinity, -infinity}));
    const bf::receipt r = bf::run(total);
    ASSERT_EQ(r.findings.size(), 1u) << device << '\n' << r;
    expect_finding(r.findings[0], finding_kind::nan_born, line, "plus", 1, 0,
                   "plus of 3 elements without NaN is NaN");
    const bf::receipt given = bf::run(bf::sum(bf::on(device), bf::copy_of(std::vector<float>{nan, 1})),
                                      bf::argmin(bf::on(device), bf::copy_of(std::vector<float>{2, 1})));
    EXPECT_TRUE(given.findings.empty()) << given;
  }
}

// Every node is a kernel of its own, so that its own line is told; the plan without is another one.
// What a device has stored is compared with what the kernel means.
// What check mode reads back is spelled by whoever turned it on, and a receipt tells it.
// A job that is stopped while its kernel runs ends before its check does.
// In processes of their own, since the environment is read once; a wrong value is none.
}  // namespace
