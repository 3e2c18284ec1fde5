// Traps of tracing, fusing and replaying that other systems fell into; docs/traps.md lists all of them with
// their tests, which are here where no other suite is their home.
#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <malloc.h>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "core/planner.hpp"
#include "support/printed_seed.hpp"

namespace {

namespace bf = busfare;

const bf::options on_cpu{.device = "cpu"};

std::vector<std::int32_t> counted(std::size_t n) {
  std::vector<std::int32_t> all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<std::int32_t>(i * 7 + 3);
  return all;
}

struct mix {
  auto operator()(auto a, auto b) const { return a * 3 - b; }
};
struct once {
  auto operator()(auto a) const { return a * 5 + 1; }
};
std::uint32_t mixed(std::uint32_t a, std::uint32_t b) { return a * 3 - b; }

// Trap 21, 22: any graph falls into kernels within the limits, in an order in which they can run; whoever is
// cut off says why; the values are those of one step at a time.
TEST(traps, random_graphs_fuse_within_limits_and_every_cut_has_its_reason) {
  std::mt19937 random(busfare_test::printed_seed());
  for (int round = 0; round < 20; ++round) {
    constexpr std::size_t n = 5;
    const int inputs = 1 + static_cast<int>(random() % 40), operations = 1 + static_cast<int>(random() % 120);
    std::vector<bf::array<std::uint32_t>> arrays;
    std::vector<std::vector<std::uint32_t>> want;
    for (int k = 0; k < inputs; ++k) {
      std::vector<std::uint32_t> data(n);
      for (auto& v : data) v = static_cast<std::uint32_t>(random());
      arrays.push_back(bf::copy_of(data));
      want.push_back(std::move(data));
    }
    for (int k = 0; k < operations; ++k) {
      // Near neighbours mostly, so that chains grow long.
      const auto some = [&] {
        const std::size_t back = random() % 4 == 0 ? random() : random() % 3;
        return arrays.size() - 1 - back % arrays.size();
      };
      const std::size_t a = some(), b = some();
      arrays.push_back(bf::map(on_cpu, mix{}, arrays[a], arrays[b]));
      std::vector<std::uint32_t> r(n);
      for (std::size_t i = 0; i < n; ++i) r[i] = mixed(want[a][i], want[b][i]);
      want.push_back(std::move(r));
    }
    const std::size_t last = arrays.size() - 1;
    const auto whole_job = bf::run(arrays[last]);
    // Elements depend on their own kind only, so that nothing but a limit asks for a second kernel.
    const auto& steps = whole_job.plan.steps;
    const auto cut = [](const bf::plan_step& s) { return s.cut.find("more than") != std::string::npos; };
    EXPECT_EQ(steps.size() > 1, std::any_of(steps.begin(), steps.end(), cut)) << whole_job.plan;
    for (const bf::plan_step& s : steps) EXPECT_LE(s.lines.size(), 256u);
    for (std::size_t k = 0; k < arrays.size(); k += 1 + random() % 7) {
      const auto got = arrays[k].host();
      ASSERT_EQ(std::vector<std::uint32_t>(got.begin(), got.end()), want[k]) << "array " << k;
    }
  }
}

// Trap 21: a chain that is too long for one kernel.
TEST(traps, a_graph_past_the_limit_is_cut_with_the_reason) {
  std::vector<bf::array<std::int32_t>> inputs;
  for (int k = 0; k < 40; ++k) inputs.push_back(bf::copy_of(counted(8)));
  auto y = inputs[0];
  for (const auto& each : inputs) y = bf::map(on_cpu, mix{}, y, each);
  const auto before = bf::stats();
  const auto r = bf::run(y);
  ASSERT_GT(r.plan.steps.size(), 1u);
  EXPECT_EQ(bf::stats().cut_by_inputs - before.cut_by_inputs, r.plan.steps.size() - 1);
  EXPECT_EQ(bf::stats().cut_by_operations, before.cut_by_operations);
  const bool told = std::any_of(r.plan.steps.begin(), r.plan.steps.end(), [](const bf::plan_step& s) {
    return s.cut.find("inputs: more than 16") != std::string::npos;
  });
  EXPECT_TRUE(told) << r.plan;
}

// Trap 23: a ladder whose rungs are used twice each costs one operation a rung.
TEST(traps, shared_values_are_computed_once) {
  auto ladder = bf::copy_of(counted(64));
  for (int k = 0; k < 20; ++k) ladder = bf::map(on_cpu, mix{}, ladder, ladder);
  auto chain = bf::copy_of(counted(64));
  for (int k = 0; k < 20; ++k) chain = bf::map(on_cpu, once{}, chain);
  const auto with_diamonds = bf::run(ladder), without = bf::run(chain);
  ASSERT_EQ(with_diamonds.plan.steps.size(), 1u);
  EXPECT_EQ(with_diamonds.plan.steps[0].flops, without.plan.steps[0].flops);
  // mix(x, x) is 2 x.
  for (std::size_t i = 0; i < 64; ++i)
    EXPECT_EQ(static_cast<std::uint32_t>(ladder.host()[i]), static_cast<std::uint32_t>(i * 7 + 3) << 20);
}

// Trap 24: what is one value is computed once, not once per element that it meets.
TEST(traps, work_before_a_broadcast_is_not_multiplied) {
  auto one = bf::value_of(std::int32_t{3});
  for (int k = 0; k < 10; ++k) one = bf::map(on_cpu, once{}, one);
  const auto y = bf::map(on_cpu, mix{}, bf::copy_of(counted(5000)), one);
  const auto r = bf::run(y);
  ASSERT_EQ(r.plan.steps.size(), 2u) << r.plan;
  EXPECT_EQ(r.plan.steps[0].elements, 1u);
  EXPECT_EQ(r.plan.steps[1].elements, 5000u);
}

// Traps 25, 27: the state that nobody reads grows beside the one that is read, and is kept within bounds.
TEST(traps, a_state_that_nobody_reads_stays_bounded) {
  auto state = bf::copy_of(counted(16)), y = state;
  std::uint64_t most = 0;
  const auto before = bf::stats();
  for (int step = 0; step < 10'000; ++step) {
    state = bf::map(on_cpu, once{}, state);
    y = bf::map(on_cpu, mix{}, y, state);
    if (step % 50 == 0) {
      (void)y.host();
      most = std::max(most, bf::stats().unrun);
    }
  }
  EXPECT_LE(most, before.unrun + 400);
  std::uint32_t s = 3, want = 3;
  for (int step = 0; step < 10'000; ++step) {
    s = s * 5 + 1;
    want = mixed(want, s);
  }
  EXPECT_EQ(static_cast<std::uint32_t>(y.host()[0]), want);
}

// Trap 33: a kernel that throws while it is traced leaves nothing behind.
struct throws_once {
  static inline bool armed = true;
  auto operator()(auto x) const {
    const auto y = x + 1;
    if (std::exchange(armed, false)) throw std::runtime_error("from the kernel");
    return y * 2;
  }
};
TEST(traps, a_kernel_that_throws_while_traced_leaves_the_next_trace_unharmed) {
  const auto x = bf::copy_of(counted(10));
  try {
    (void)bf::map(on_cpu, throws_once{}, x);
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "from the kernel");
  }
  EXPECT_EQ(bf::map(on_cpu, once{}, x).host()[1], 51);
  EXPECT_EQ(bf::map(on_cpu, throws_once{}, x).host()[1], 22);
}

// Trap 34: recording reads a kernel as symbols once, however often it is recorded.
struct counts_its_readings {
  static inline std::atomic<int> symbols{0};
  template <class V> auto operator()(V x) const {
    if constexpr (requires { x.id; }) ++symbols;
    return x + 1;
  }
};
TEST(traps, a_kernel_is_traced_once) {
  const auto x = bf::copy_of(counted(100));
  EXPECT_EQ(counts_its_readings::symbols, 0);
  for (int k = 0; k < 5; ++k) EXPECT_EQ(bf::map(on_cpu, counts_its_readings{}, x).host()[0], 4);
  EXPECT_EQ(counts_its_readings::symbols, 1);
}

// Trap 38: the plan of one size serves, or makes way for, any other.
TEST(traps, structures_run_again_at_other_sizes) {
  for (const std::size_t n : {8, 8, 16, 15, 7, 0, 1, 1000, 70000}) {
    const auto x = bf::copy_of(counted(n));
    const auto y = bf::map(on_cpu, mix{}, bf::map(on_cpu, once{}, x), x);
    const auto total = bf::sum(on_cpu, y);
    std::uint32_t want = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto v = static_cast<std::uint32_t>(i * 7 + 3);
      const std::uint32_t r = mixed(v * 5 + 1, v);
      want += r;
      EXPECT_EQ(static_cast<std::uint32_t>(y.host()[i]), r) << i << " of " << n;
    }
    EXPECT_EQ(static_cast<std::uint32_t>(total.value()), want) << n;
  }
}

// Trap 40: a program whose every job is another one keeps the plans and kernels of the last jobs only.
std::size_t bytes_in_use() {
#ifdef __GLIBC__
  return mallinfo2().uordblks;  // 0 under sanitizers, which have an allocator of their own
#else
  return 0;
#endif
}
// Structure `k`: its digits to the base 4 choose the steps.
struct job_of_digits {
  bf::array<std::uint32_t> result;
  std::uint32_t want;
};
job_of_digits structure(unsigned k, const bf::array<std::uint32_t>& x, std::uint32_t value) {
  bf::array<std::uint32_t> y = x;
  std::uint32_t v = value;
  for (int digit = 0; digit < 9; ++digit, k /= 4) {
    switch (k % 4) {
      case 0:
        y = bf::map(on_cpu, once{}, y), v = v * 5 + 1;
        break;
      case 1:
        y = bf::map(on_cpu, mix{}, y, x), v = mixed(v, value);
        break;
      case 2:
        y = bf::map(on_cpu, mix{}, x, y), v = mixed(value, v);
        break;
      default:
        y = bf::map(on_cpu, mix{}, y, y), v = mixed(v, v);
    }
  }
  return {y, v};
}
TEST(traps, a_hundred_thousand_structures_in_bounded_memory) {
  using busfare::core::device_slot;
  const unsigned jobs = bytes_in_use() == 0 ? 10'000 : 100'000, settled = jobs / 4;
  const device_slot& cpu = busfare::core::device_list::shared().host();
  const auto x = bf::copy_of(std::vector<std::uint32_t>{77, 5});
  std::size_t most_plans = 0, most_kernels = 0, most_histories = 0, bytes_when_settled = 0;
  for (unsigned k = 0; k < jobs; ++k) {
    const job_of_digits job = structure(k, x, 77);
    ASSERT_EQ(job.result.host()[0], job.want) << "structure " << k;
    most_plans = std::max(most_plans, busfare::core::plans_kept());
    most_kernels = std::max(most_kernels, cpu.built.size());
    most_histories = std::max(most_histories, cpu.history.size());
    if (k == settled) bytes_when_settled = bytes_in_use();
  }
  EXPECT_EQ(most_plans, busfare::core::plan_limit);
  EXPECT_LE(most_kernels, device_slot::kernel_limit + 1);  // and those of the run itself
  EXPECT_LE(most_histories, busfare::model::history::most_kernels);
  // Less than 64 bytes for each further structure, though plans of the same kind differ in size.
  EXPECT_LT(bytes_in_use(), bytes_when_settled + std::size_t{64} * (jobs - settled));
  // What was kept is used again, and what was not is planned and built again.
  const auto again = [&](unsigned k) {
    const job_of_digits job = structure(k, x, 77);
    const bool reused = bf::run(job.result).plan.reused;
    EXPECT_EQ(job.result.host()[0], job.want);
    return reused;
  };
  EXPECT_TRUE(again(jobs - 1));
  EXPECT_TRUE(again(jobs - 1000));
  EXPECT_FALSE(again(3));
  EXPECT_TRUE(again(3));
}

}  // namespace
