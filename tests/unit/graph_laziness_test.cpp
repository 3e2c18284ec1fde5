// What runs and what never does; bounded laziness; plans that are used again.
#include <cstdlib>
#include <gtest/gtest.h>
#include <pthread.h>
#include <thread>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;

struct add_one {
  auto operator()(auto x) const { return x + 1.0f; }
};

std::vector<float> ramp(std::size_t n) {
  std::vector<float> r(n);
  for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<float>(i % 1000);
  return r;
}

TEST(graph_laziness, recording_runs_nothing_and_dead_nodes_never_run) {
  const auto x = bf::copy_of(ramp(1000));
  const auto before = bf::stats();
  {
    const auto dead = bf::map(bf::on("cpu"), add_one{}, x);
    const auto deader = bf::map(bf::on("cpu"), add_one{}, dead);
  }
  const auto alive = bf::map(
      bf::on("cpu"), [](auto v) { return v * 3.0f; }, x);
  EXPECT_EQ(bf::stats().launches, before.launches);
  EXPECT_EQ(bf::stats().recorded, before.recorded + 3);
  const bf::receipt r = bf::run(alive);
  EXPECT_EQ(r.launches, 1);
  EXPECT_EQ(r.plan.steps.size(), 1u);
  EXPECT_EQ(bf::stats().launches, before.launches + 1);
  EXPECT_EQ(alive.host()[7], 21.0f);
}

TEST(graph_laziness, a_chain_is_one_launch_and_a_reduction_takes_it_in) {
  const auto x = bf::copy_of(ramp(10000));
  auto y = x;
  for (int i = 0; i < 5; ++i) y = bf::map(bf::on("cpu"), add_one{}, y);
  const auto total = bf::sum(bf::on("cpu"), y);
  y = {};
  const bf::receipt r = bf::run(total);
  EXPECT_LE(r.launches, 2) << r;  // the tree's first level with the maps, then its second
  EXPECT_EQ(total.value(), 10000.0f * 499.5f + 50000.0f);
}

// In a process of its own, since the environment is read once.
TEST(graph_laziness, eager_runs_each_node_as_it_is_recorded) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ASSERT_EQ(setenv("BUSFARE_EAGER", "1", 1), 0);  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EXIT(
      {
        auto y = bf::copy_of(ramp(100));
        for (int i = 0; i < 3; ++i) y = bf::map(bf::on("cpu"), add_one{}, y);
        const bf::statistics s = bf::stats();
        const bool right = s.launches == 3 && s.forced_by_eager == 3 && s.unrun == 0 && y.host()[4] == 7;
        std::exit(right ? 0 : 1);  // NOLINT(concurrency-mt-unsafe)
      },
      testing::ExitedWithCode(0), "");
  ASSERT_EQ(unsetenv("BUSFARE_EAGER"), 0);  // NOLINT(concurrency-mt-unsafe)
}

TEST(graph_laziness, running_twice_computes_once) {
  const auto y = bf::map(bf::on("cpu"), add_one{}, bf::copy_of(ramp(100)));
  bf::run(y);
  const auto before = bf::stats();
  EXPECT_EQ(bf::run(y).launches, 0);
  EXPECT_EQ(y.host()[3], 4.0f);
  EXPECT_EQ(bf::stats().launches, before.launches);
}

TEST(graph_laziness, a_plan_is_used_again) {
  const auto once = [] {
    const auto y = bf::map(
        bf::on("cpu"), [](auto v) { return v * v - 2.0f; }, bf::copy_of(ramp(500)));
    return bf::run(y);
  };
  once();
  once();
  const auto before = bf::stats();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(once().plan.reused);
  EXPECT_EQ(bf::stats().plans_reused, before.plans_reused + 10);
  EXPECT_EQ(bf::stats().plans_made, before.plans_made);
  EXPECT_EQ(bf::stats().built, before.built);
}

// A million steps, each on the one before, recorded, run and destroyed on a stack of 256 KiB.
void* million(void* failed) {
  auto x = bf::copy_of(std::vector<float>(16, 0.0f));
  const auto first = bf::stats().recorded;
  std::uint64_t most = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    x = bf::map(bf::on("cpu"), add_one{}, x);
    if (i % 1000 == 0) most = std::max(most, bf::stats().unrun);
  }
  *static_cast<bool*>(failed) =
      x.host()[15] != 1'000'000.0f || bf::stats().recorded - first < 1'000'000 || most > 100'000;
  return nullptr;
}
TEST(graph_laziness, a_million_steps_in_flat_memory_on_a_small_stack) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256 << 10);
  pthread_t thread;
  bool failed = true;
  ASSERT_EQ(pthread_create(&thread, &small, million, &failed), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  EXPECT_FALSE(failed);
}

TEST(graph_laziness, long_chains_that_nobody_wants_are_destroyed_without_recursion) {
  auto x = bf::copy_of(std::vector<float>(4, 1.0f));
  for (int i = 0; i < 200'000; ++i) x = bf::map(bf::on("cpu"), add_one{}, x);
  x = {};
  SUCCEED();
}

TEST(graph_laziness, several_threads_record_and_run) {
  const auto shared = bf::map(bf::on("cpu"), add_one{}, bf::copy_of(ramp(5000)));
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (std::size_t k = 0; k < wrong.size(); ++k) {
    threads.emplace_back([&, k] {
      for (int i = 0; i < 200; ++i) {
        const auto mine = bf::map(
            bf::on("cpu"), [](auto v, auto n) { return v * n; }, shared, static_cast<int>(k) + i);
        const auto total = bf::sum(bf::on("cpu"), mine);
        if (i % 3 == 0 && mine.host()[10] != 11.0f * static_cast<float>(static_cast<int>(k) + i)) ++wrong[k];
        if (i % 5 == 0 && !(total.value() >= 0)) ++wrong[k];
      }
    });
  }
  for (auto& each : threads) each.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(graph_laziness, forgetting_loses_nothing) {
  const auto y = bf::map(bf::on("cpu"), add_one{}, bf::copy_of(ramp(10)));
  bf::run(y);
  bf::forget();
  EXPECT_EQ(y.host()[9], 10.0f);
  EXPECT_EQ(bf::map(bf::on("cpu"), add_one{}, y).host()[9], 11.0f);
}

}  // namespace
