// Small results by the short way: the same values as by a whole run, and nothing that somebody asked for is
// skipped.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include <busfare/busfare.hpp>

#include "support/hidden_devices.hpp"

namespace {

namespace bf = busfare;

// Beside the cpu stand simulated devices only. A loaded or sanitized machine may be measured such that `auto`
// finds a real one better for the smallest work, and what is not on the host is never short.
class quick_run : public testing::Test {
  busfare_tests::hidden_devices hidden_{
      [](const busfare::core::device_slot& slot) { return slot.info.virtual_clock; }};
};

std::vector<float> ramp(std::size_t n, float step = 0.25f) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(i) * step - 3;
  return v;
}

template <class T> std::vector<T> contents(const bf::array<T>& a) {
  const auto seen = a.host();
  return {seen.begin(), seen.end()};
}
template <class T> std::vector<T> by_a_whole_run(const bf::array<T>& a) {
  (void)bf::run(a);
  return contents(a);
}

// Reads what `made` records until that goes the short way. A loaded machine may take a small kernel for a
// long one at first.
template <class Record> void go_short(Record made) {
  const auto before = bf::stats().short_runs;
  for (int round = 0; round < 200 && bf::stats().short_runs == before; ++round) (void)made().host();
  ASSERT_GT(bf::stats().short_runs, before);
}

// The short way gives the bits of a whole run, and is one launch by a known plan.
template <class Record> void expect_short(Record made, const char* what) {
  SCOPED_TRACE(what);
  bf::forget();
  const auto expected = by_a_whole_run(made());
  go_short(made);
  std::vector<typename decltype(expected)::value_type> copied(expected.size());
  made().into(std::span(copied));
  EXPECT_EQ(copied, expected);
  const auto before = bf::stats();
  EXPECT_EQ(contents(made()), expected);
  const auto after = bf::stats();
  EXPECT_EQ(after.short_runs, before.short_runs + 1);
  EXPECT_EQ(after.runs, before.runs + 1);
  EXPECT_EQ(after.launches, before.launches + 1);
  EXPECT_EQ(after.plans_made, before.plans_made);
}

TEST_F(quick_run, gives_what_a_whole_run_gives) {
  const auto x = bf::copy_of(ramp(200)), y = bf::copy_of(ramp(200, -0.5f));
  const auto table = bf::copy_of(ramp(7));
  const auto mean = bf::sum(x);
  (void)mean.host();
  const auto square = bf::copy_of(ramp(300), bf::extents(10, 30));
  const auto cpu = bf::on("cpu");
  expect_short([&] { return bf::map([](auto a, auto b) { return a * 2.0f + b; }, x, y); }, "two arrays");
  expect_short(
      [&] {
        return bf::map(
            cpu, [](auto a, auto b) { return a * 2.0f - b; }, x, y);
      },
      "by name");
  expect_short([&] { return bf::map([](auto a, auto b) { return a * b + 1.0f; }, x, x); }, "one array twice");
  expect_short([&] { return bf::map([](auto a, auto k) { return a * k; }, x, 1.5f); }, "a number");
  expect_short([&] { return bf::map([](auto k, auto a, auto m) { return (a - m) * k; }, 0.5f, x, mean); },
               "a number and one value");
  expect_short(
      [&] {
        return bf::map([](auto a, auto t) { return t[bf::cast<std::int32_t>(a)]; }, x, bf::whole(table));
      },
      "a table");
  expect_short([&] { return bf::map([](auto a, auto t) { return a + t[0] + t[199]; }, x, bf::whole(x)); },
               "by elements and as a whole");
  expect_short([&] { return bf::map([](auto u) { return u(-1) + u(1); }, bf::window(x, {1})); }, "a window");
  expect_short(
      [&] {
        return bf::map([](auto u) { return u(-1, 0) + u(0, 1); }, bf::window(square, {1, 1}));
      },
      "a window of two axes");
  expect_short([&] { return bf::generate(bf::extents(10, 30), [](auto i, auto j) { return i * 100 + j; }); },
               "indices");
  expect_short([&] { return bf::sum(x); }, "a sum");
  expect_short([&] { return bf::map([](auto a) { return bf::cast<std::uint8_t>(a); }, x); }, "bytes");
}

TEST_F(quick_run, other_arguments_and_extents_at_one_call_site_are_told_apart) {
  bf::forget();
  const auto job = [](const bf::array<float>& a, const bf::array<float>& b, float k) {
    return bf::map([](auto p, auto q, auto s) { return p * s + q; }, a, b, k);
  };
  for (int round = 0; round < 4; ++round) {
    for (const std::size_t n : {1000u, 1001u, 64u}) {
      const auto v = ramp(n), w = ramp(n, 2);
      const auto x = bf::copy_of(v), y = bf::copy_of(w);
      const auto different = contents(job(x, y, 3));
      const auto same = contents(job(x, x, 5));
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(different[i], v[i] * 3 + w[i]);
        ASSERT_EQ(same[i], v[i] * 5 + v[i]);
      }
    }
  }
}

TEST_F(quick_run, sees_what_was_written_and_what_is_elsewhere) {
  bf::forget();
  auto x = bf::copy_of(ramp(100));
  const auto job = [&] { return bf::map([](auto a) { return a + 0.5f; }, x); };
  go_short(job);
  {
    auto w = x.write();
    w[0] = 100;
  }
  EXPECT_EQ(contents(job())[0], 100.5f);
  const auto before = bf::stats().short_runs;
  bf::prefetch(x, "sim:h200-pcie5");  // where placement has to think again
  EXPECT_EQ(contents(job())[0], 100.5f);
  EXPECT_EQ(bf::stats().short_runs, before);
}

TEST_F(quick_run, another_default_device_is_obeyed_at_once) {
  bf::forget();
  const auto x = bf::copy_of(ramp(100));
  const auto job = [&] { return bf::map([](auto a) { return a - 0.5f; }, x); };
  go_short(job);
  const auto before = bf::stats().short_runs;
  bf::set_default_options(bf::on("sim:h200-pcie5"));
  const auto there = contents(job());
  bf::set_default_options(bf::options{});
  EXPECT_EQ(bf::stats().short_runs, before);
  EXPECT_EQ(contents(job()), there);
}

TEST_F(quick_run, check_mode_and_traces_get_whole_runs) {
  bf::forget();
  const auto x = bf::copy_of(ramp(100));  // begins below zero
  const auto job = [&] { return bf::map([](auto a) { return bf::sqrt(a); }, x); };
  go_short(job);
  (void)bf::take_findings();
  bf::set_check_mode(true);
  (void)contents(job());
  bf::set_check_mode(false);
  EXPECT_FALSE(bf::take_findings().empty());
  bf::record_trace(true);
  (void)contents(job());
  EXPECT_FALSE(bf::recorded_trace().spans().empty());
  bf::record_trace(false);
  go_short(job);
}

TEST_F(quick_run, every_so_often_a_whole_run_teaches) {
  bf::forget();
  const auto x = bf::copy_of(ramp(100));
  const auto job = [&] { return bf::map([](auto a) { return a * 0.125f; }, x); };
  go_short(job);
  const auto before = bf::stats();
  for (int i = 0; i < 2000; ++i) (void)job().host();
  const auto after = bf::stats();
  EXPECT_EQ(after.runs, before.runs + 2000);
  EXPECT_LE(after.short_runs, before.short_runs + 1993) << "seven in 2000 at least are whole runs";
}

TEST_F(quick_run, several_threads_share_a_call_site) {
  const auto v = ramp(300);
  const auto x = bf::copy_of(v);
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t)
    all.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto k = static_cast<float>(t * 1000 + i);
        const auto got = contents(bf::map([](auto a, auto s) { return a + s; }, x, k));
        ASSERT_EQ(got[299], v[299] + k);
        ASSERT_EQ(got[0], v[0] + k);
      }
    });
  for (std::thread& each : all) each.join();
}

}  // namespace
