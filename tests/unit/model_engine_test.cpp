// The event engine against hand-made schedules, closed forms and its own determinism.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include <busfare/error.hpp>

#include "model/engine.hpp"
#include "model/pipeline.hpp"

namespace {

using namespace busfare::model;

// n equal chunks through three engines with `slots` buffers.
nanoseconds simulate(nanoseconds u, nanoseconds k, nanoseconds d, int n, int slots) {
  engine e;
  const server_id up = e.add_server(), kernel = e.add_server(), down = e.add_server();
  std::vector<task_id> downs;
  for (int i = 0; i < n; ++i) {
    std::vector<task_id> after;
    if (i >= slots) after.push_back(downs[static_cast<std::size_t>(i - slots)]);
    const task_id a = e.submit(up, u, after);
    const task_id b = e.submit(kernel, k, std::vector{a});
    downs.push_back(e.submit(down, d, std::vector{b}));
  }
  return e.run();
}

TEST(model_engine, agrees_with_the_closed_form_of_three_stages) {
  const unsigned seed = 20261123;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::uniform_int_distribution<nanoseconds> time(1, 100000);
  std::uniform_int_distribution<int> count(1, 40), slot(1, 4);
  for (int i = 0; i < 500; ++i) {
    const nanoseconds u = time(random), k = time(random), d = time(random);
    const int n = count(random), slots = slot(random);
    const double form = pipeline_time(static_cast<double>(u), static_cast<double>(k), static_cast<double>(d),
                                      static_cast<std::uint64_t>(n), static_cast<unsigned>(slots));
    EXPECT_NEAR(static_cast<double>(simulate(u, k, d, n, slots)), form, 1e-6 * form)
        << u << ' ' << k << ' ' << d << " n=" << n << " slots=" << slots;
  }
}

TEST(model_engine, agrees_with_the_closed_form_of_two_way_traffic) {
  const unsigned seed = 7;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::uniform_int_distribution<nanoseconds> time(1000, 1000000);
  std::uniform_real_distribution<double> factor(0.4, 1.0);
  for (int i = 0; i < 500; ++i) {
    const nanoseconds u = time(random), d = time(random);
    const double fu = factor(random), fd = factor(random);
    engine e;
    const server_id up = e.add_server(), down = e.add_server();
    e.pair(up, down, fu, fd);
    e.submit(up, u);
    e.submit(down, d);
    EXPECT_NEAR(static_cast<double>(e.run()),
                duplex_time(static_cast<double>(u), static_cast<double>(d), fu, fd), 3);
  }
}

TEST(model_engine, retimes_when_the_other_direction_starts_late) {
  engine e;
  const server_id up = e.add_server(), down = e.add_server();
  e.pair(up, down, 0.5, 1.0);
  const task_id a = e.submit(up, 1000);
  const task_id b = e.submit(down, 200, {}, 600);
  // 600 ns alone, 200 ns at half rate (100 ns of work), then the last 300 alone.
  EXPECT_EQ(e.finish(b).end, 800);
  EXPECT_EQ(e.finish(a).end, 1100);
}

TEST(model_engine, takes_the_first_that_is_ready_and_breaks_ties_by_number) {
  engine e;
  const server_id s = e.add_server(), other = e.add_server();
  const task_id gate = e.submit(other, 5);
  const task_id late = e.submit(s, 10, std::vector{gate});
  const task_id first = e.submit(s, 10), second = e.submit(s, 10);
  e.run();
  EXPECT_EQ(e.ended(first)->start, 0);
  EXPECT_EQ(e.ended(second)->start, 10);  // ready at 0, before `late` at 5
  EXPECT_EQ(e.ended(late)->start, 20);
  EXPECT_EQ(e.busy(s), 30);
}

TEST(model_engine, as_a_clock_never_changes_what_it_told) {
  engine e;
  const server_id up = e.add_server(), down = e.add_server();
  e.pair(up, down, 0.5, 0.5);
  const task_id a = e.submit(up, 100);
  EXPECT_FALSE(e.ended(a));
  EXPECT_EQ(e.finish(a).end, 100);
  const task_id b = e.submit(down, 100);  // would have slowed `a`, had it been known
  EXPECT_EQ(e.finish(b).start, 100);
  EXPECT_EQ(e.finish(b).end, 200);
  EXPECT_EQ(e.finish(a).end, 100);
  e.advance(1000);
  EXPECT_EQ(e.finish(e.submit(up, 1)).start, 1000);
}

TEST(model_engine, gives_the_same_schedule_in_one_go_and_step_by_step) {
  const unsigned seed = 99;
  SCOPED_TRACE(seed);
  for (int run = 0; run < 50; ++run) {
    engine all, steps;
    std::mt19937 random(seed + static_cast<unsigned>(run));
    for (engine* e : {&all, &steps}) {
      for (int i = 0; i < 3; ++i) e->add_server();
      e->pair(0, 1, 0.6, 0.8);
    }
    std::vector<task_id> tasks;
    for (int i = 0; i < 60; ++i) {
      const auto server = static_cast<server_id>(random() % 3);
      const auto duration = static_cast<nanoseconds>(random() % 1000);
      std::vector<task_id> after;
      for (int j = 0; j < 2 && i > 0; ++j)
        after.push_back(static_cast<task_id>(random() % static_cast<unsigned>(i)));
      all.submit(server, duration, after);
      tasks.push_back(steps.submit(server, duration, after));
    }
    all.run();
    while (steps.step()) {
    }
    EXPECT_EQ(all.makespan(), steps.makespan());
    for (const task_id t : tasks) EXPECT_EQ(all.ended(t)->end, steps.ended(t)->end);
  }
}

TEST(model_engine, forgets_only_what_has_ended) {
  engine e;
  const server_id s = e.add_server();
  const task_id a = e.submit(s, 10), b = e.submit(s, 10);
  e.finish(a);
  e.forget(100);
  EXPECT_EQ(e.finish(e.submit(s, 5, std::vector{a, b})).end, 25);
  EXPECT_THROW((void)e.ended(a), busfare::error);
}

TEST(model_engine, refuses_unknown_names) {
  engine e;
  EXPECT_THROW(e.submit(0, 1), busfare::error);
  const server_id s = e.add_server();
  EXPECT_THROW(e.submit(s, 1, std::vector<task_id>{0}), busfare::error);
  EXPECT_THROW(e.pair(s, s, 1, 1), busfare::error);
  EXPECT_EQ(to_nanoseconds(-1), 0);
  EXPECT_EQ(to_nanoseconds(1e300), 4600000000000000000);
}

TEST(model_pipeline, chunk_count_equals_brute_force) {
  const unsigned seed = 5;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> start(1e-6, 1e-4), rate(1e9, 1e11), size(16, 30);
  for (int i = 0; i < 300; ++i) {
    stages s;
    for (stage_cost& c : s) c = {start(random), 1 / rate(random)};
    const double bytes = std::exp2(size(random));
    double best = chunked_time(s, bytes, 1);
    for (std::uint64_t n = 2; n <= 512; ++n) {
      best = std::min(best, chunked_time(s, bytes, n));
      EXPECT_GE(chunked_time(s, bytes, n - 1) + chunked_time(s, bytes, n + 1),
                2 * chunked_time(s, bytes, n) * (1 - 1e-12));  // convex
    }
    EXPECT_NEAR(chunked_time(s, bytes, best_chunk_count(s, bytes, 512)), best, 1e-9 * best);
  }
}

}  // namespace
