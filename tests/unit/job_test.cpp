// Background runs: their results, how far they are, and the ways in which they end early.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <latch>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;
using std::chrono::milliseconds;

// Three kernels on the cpu that cannot fuse: each reads the one before as a table.
bf::array<float> three_steps(float first) {
  const auto next = [](auto i, auto t) { return t[i] + 1.0f; };
  const auto index = bf::generate(bf::on("cpu"), bf::extents(1000), [](auto i) { return i; });
  auto a = bf::map(
      bf::on("cpu"), [](auto i, auto f) { return bf::cast<float>(i) * f; }, index, first);
  a = bf::map(bf::on("cpu"), next, index, bf::whole(a));
  return bf::map(bf::on("cpu"), next, index, bf::whole(a));
}

bf::error_class kind_of(const bf::job& j) {
  try {
    (void)j.get();
  } catch (const bf::error& e) {
    return e.kind();
  }
  ADD_FAILURE() << "the job succeeded";
  return bf::error_class::internal;
}

TEST(job, gives_results_and_a_receipt) {
  const auto a = three_steps(2);
  const bf::job j = bf::start(a);
  j.wait();
  EXPECT_TRUE(j.done());
  const bf::receipt r = j.get();
  EXPECT_NE(r.cause.find("start at "), std::string::npos) << r.cause;
  EXPECT_NE(r.cause.find("job_test.cpp"), std::string::npos) << r.cause;
  EXPECT_GE(r.launches, 3);
  EXPECT_EQ(j.progress().fraction, 1);
  EXPECT_EQ(j.progress().steps, j.progress().steps_done);
  EXPECT_EQ(a.host()[10], 22);
  EXPECT_EQ(j.get().launches, r.launches);  // again
}

// Six arrays of six types, in each way of naming them.
TEST(job, takes_any_number_of_arrays) {
  const auto same = [](auto v) { return v; };
  const auto on_cpu = bf::on("cpu");
  const auto six_run = [&](const auto& run) {
    const auto a = bf::map(on_cpu, same, bf::copy_of(std::vector<float>{1.5f}));
    const auto b = bf::map(on_cpu, same, bf::copy_of(std::vector<double>{2.5}));
    const auto c = bf::map(on_cpu, same, bf::copy_of(std::vector<std::int32_t>{-3}));
    const auto d = bf::map(on_cpu, same, bf::copy_of(std::vector<std::uint32_t>{4, 4}));
    const auto e = bf::map(on_cpu, same, bf::copy_of(std::vector<std::int64_t>{-5, -5, -5}));
    const auto f = bf::map(on_cpu, same, bf::copy_of(std::vector<std::uint64_t>{6}));
    const bf::receipt r = run(a, b, c, d, e, f);
    EXPECT_NE(r.cause.find("job_test.cpp"), std::string::npos) << r.cause;
    const auto launches = bf::stats().launches;
    EXPECT_EQ(a.value(), 1.5f);
    EXPECT_EQ(b.value(), 2.5);
    EXPECT_EQ(c.value(), -3);
    EXPECT_EQ(d.host()[1], 4u);
    EXPECT_EQ(e.host()[2], -5);
    EXPECT_EQ(f.value(), 6u);
    EXPECT_EQ(bf::stats().launches, launches) << "not all had run";
  };
  six_run([](const auto&... x) {
    bf::warm(x...);
    EXPECT_FALSE(bf::quote(x...).steps.empty());
    return bf::run(x...);
  });
  six_run([](const auto&... x) { return bf::start(x...).get(); });
  six_run([](const auto&... x) { return bf::start(std::stop_token{}, x...).get(); });
  six_run([](const auto&... x) { return bf::start(std::stop_token{}, nullptr, x...).get(); });
  six_run([](const auto&... x) {
    const std::vector<bf::any_array> list{x...};
    bf::warm(list);
    EXPECT_FALSE(bf::quote(list).steps.empty());
    return bf::run(list);
  });
  six_run([](const auto&... x) { return bf::start(std::vector<bf::any_array>{x...}).get(); });
  six_run([](const auto&... x) {
    const bf::any_array list[] = {x...};
    return bf::start(std::stop_token{}, list).get();
  });
  six_run([](const auto&... x) {
    const bf::any_array list[] = {x...};
    int steps = 0;
    const bf::receipt r = bf::start(
                              std::stop_token{}, [&](const bf::job_progress&) { ++steps; }, list)
                              .get();
    EXPECT_GE(steps, 3);
    return r;
  });
  EXPECT_EQ(bf::run(std::vector<bf::any_array>{}).launches, 0);
}

TEST(job, names_the_line_of_the_call) {
  const bf::source_line there{"there.cpp", 7};
  const auto line_here = [](unsigned line) { return "job_test.cpp:" + std::to_string(line); };
  const auto a = three_steps(2), b = three_steps(3);
  const bf::receipt first = bf::run(a, b);
  EXPECT_NE(first.cause.find(line_here(__LINE__ - 1)), std::string::npos) << first.cause;
  EXPECT_NE(bf::run(a, there).cause.find("there.cpp:7"), std::string::npos);
  EXPECT_NE(bf::run(a, b, there).cause.find("there.cpp:7"), std::string::npos);
  const std::vector<bf::any_array> list{a, b};
  const bf::receipt listed = bf::run(list);
  EXPECT_NE(listed.cause.find(line_here(__LINE__ - 1)), std::string::npos) << listed.cause;
  EXPECT_NE(bf::run(list, there).cause.find("there.cpp:7"), std::string::npos);
  const bf::receipt started = bf::start(a, b).get();
  EXPECT_NE(started.cause.find(line_here(__LINE__ - 1)), std::string::npos) << started.cause;
  EXPECT_NE(bf::start({}, a, there).get().cause.find("there.cpp:7"), std::string::npos);
}

TEST(job, a_listener_hears_of_every_step_and_never_of_less) {
  std::vector<bf::job_progress> heard;
  const auto a = three_steps(3);
  const bf::job j = bf::start(
      std::stop_token{}, [&](const bf::job_progress& p) { heard.push_back(p); }, a);
  (void)j.get();
  ASSERT_GE(heard.size(), 3u);
  for (std::size_t k = 1; k < heard.size(); ++k) EXPECT_GE(heard[k].fraction, heard[k - 1].fraction);
  EXPECT_GE(heard.back().steps, 3);
  EXPECT_EQ(heard.back().steps_done, heard.back().steps);
  EXPECT_DOUBLE_EQ(heard.back().fraction, 1);
  EXPECT_NE(heard.back().what.find("job_test.cpp"), std::string::npos) << heard.back().what;
}

TEST(job, what_a_listener_throws_ends_the_job_only) {
  const auto a = three_steps(4);
  const bf::job j = bf::start(
      std::stop_token{}, [](const bf::job_progress&) { throw std::runtime_error("mine"); }, a);
  EXPECT_THROW((void)j.get(), std::runtime_error);
  EXPECT_LT(j.progress().fraction, 1);
  EXPECT_EQ(a.host()[10], 42);  // as it was: recorded, and run now
}

TEST(job, stops_between_steps_and_leaves_nothing_half) {
  std::stop_source stop;
  const auto a = three_steps(5);
  const bf::job j = bf::start(
      stop.get_token(), [&](const bf::job_progress&) { stop.request_stop(); }, a);
  EXPECT_EQ(kind_of(j), bf::error_class::cancelled);
  EXPECT_LT(j.progress().fraction, 1);
  EXPECT_EQ(a.host()[10], 52);
}

TEST(job, stops_inside_a_large_kernel) {
  const auto x = bf::generate(bf::on("cpu"), bf::extents(std::size_t{1} << 24),
                              [](auto i) { return bf::cast<float>(i % 7); });
  int parts = 0;
  bf::job j;
  std::latch known(1);
  std::stop_source stop;
  j = bf::start(
      stop.get_token(),
      [&](const bf::job_progress& p) {
        known.wait();
        if (p.steps_done == 0) ++parts;
        stop.request_stop();
      },
      x);
  known.count_down();
  EXPECT_EQ(kind_of(j), bf::error_class::cancelled);
  EXPECT_EQ(parts, 1);
  EXPECT_EQ(x.host()[13], 6);
}

TEST(job, one_that_waits_ends_when_its_turn_comes) {
  std::latch go(1), runs(1);
  const auto a = three_steps(6), b = three_steps(7);
  std::atomic<bool> first = true;
  const bf::job slow = bf::start(
      std::stop_token{},
      [&](const bf::job_progress&) {
        if (first.exchange(false)) runs.count_down();
        go.wait();
      },
      a);
  const bf::job waits = bf::start(b);
  runs.wait();
  EXPECT_FALSE(slow.wait_for(milliseconds(1)));
  EXPECT_FALSE(waits.done());
  // Recording, and reading what is on the host, do not wait for the job.
  const auto known = bf::copy_of(std::vector<float>{1, 2});
  EXPECT_EQ(known.host()[1], 2);
  const auto later = three_steps(8);
  waits.cancel();
  go.count_down();
  EXPECT_EQ(kind_of(waits), bf::error_class::cancelled);
  EXPECT_GE(slow.get().launches, 3);
  EXPECT_EQ(b.host()[10], 72);
  EXPECT_EQ(later.host()[10], 82);
}

TEST(job, an_error_is_the_jobs_and_the_arrays_until_its_cause_is_gone) {
  const auto a = bf::map(
      bf::on("sim:h200-pcie5"), [](auto v) { return v + 1.0f; }, bf::copy_of(std::vector<float>{1, 2}));
  bf::set_transfer_rule(bf::implicit_transfers::forbid);
  const bf::job j = bf::start(a);
  EXPECT_EQ(kind_of(j), bf::error_class::invalid_argument);
  EXPECT_EQ(kind_of(j), bf::error_class::invalid_argument);  // again
  EXPECT_THROW((void)a.host(), bf::error);
  bf::set_transfer_rule(bf::implicit_transfers::allow);
  EXPECT_EQ(a.host()[1], 3);
  EXPECT_EQ(kind_of(j), bf::error_class::invalid_argument);
}

TEST(job, no_job_is_done_and_has_nothing) {
  const bf::job none;
  EXPECT_TRUE(none.done());
  EXPECT_TRUE(none.wait_for(milliseconds(0)));
  EXPECT_EQ(kind_of(none), bf::error_class::invalid_argument);
  none.cancel();
}

TEST(job, the_process_may_end_while_jobs_run) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const auto x = bf::generate(bf::on("cpu"), bf::extents(std::size_t{1} << 28),
                                    [](auto i) { return bf::cast<float>(i % 7); });
        std::latch runs(1);
        std::atomic<bool> first = true;
        const bf::job running = bf::start(
            std::stop_token{},
            [&](const bf::job_progress&) {
              if (first.exchange(false)) runs.count_down();
            },
            x);
        const bf::job waiting = bf::start(three_steps(9));
        runs.wait();
        std::exit(0);  // NOLINT(concurrency-mt-unsafe)
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
