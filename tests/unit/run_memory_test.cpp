// What a run holds at its peak: results that only its own later kernels read make room for the next ones.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "core/host_memory.hpp"
#include "support/printed_seed.hpp"

namespace {

namespace bf = busfare;
using bf::core::device_slot;

std::vector<std::string> devices() {
  std::vector<std::string> names;
  for (const bf::device_description& d : bf::devices()) {
    const bool asked = d.name == "cpu" || d.name == "sim:h200-pcie5" || d.name.starts_with("opencl:") ||
                       d.name.starts_with("cuda:");
    if (asked && d.unavailable.empty()) names.push_back(d.name);
  }
  return names;
}

struct neighbours {
  auto operator()(auto x) const { return x(-1) * 3u + x(1); }
};
struct one_more {
  auto operator()(auto x) const { return x + 1u; }
};
using numbers = std::vector<std::uint32_t>;
numbers step(const numbers& x) {
  numbers y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    y[i] = x[i == 0 ? 0 : i - 1] * 3u + x[std::min(i + 1, x.size() - 1)];
  return y;
}
numbers counted(std::size_t n) {
  numbers all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<std::uint32_t>(i * 7 + 3);
  return all;
}

// Free blocks of host and device memory. Once nothing is in use, that is what was in use at most, as long as
// the pools keep all of it.
std::size_t free_bytes(const std::string& name) {
  device_slot& slot = bf::core::device_list::shared().find(name);
  const auto x = bf::copy_of(numbers{1});
  (void)bf::map(bf::on(name), one_more{}, x).host();  // what died before goes back at the start of a run
  return bf::core::host_memory_cached() + slot.spare_bytes;
}

// Trap 26. Each step reads neighbours, so that none fuses with the one before and all would be in memory.
TEST(run_memory, a_chain_of_large_arrays_holds_a_few_of_them) {
  constexpr std::size_t n = std::size_t{1} << 20, array_bytes = n * sizeof(std::uint32_t);
  constexpr int steps = 200;
  numbers want = counted(n);
  for (int k = 0; k < steps; ++k) want = step(want);
  for (const std::string& name : devices()) {
    (void)free_bytes(name);
    bf::forget();
    {
      auto x = bf::copy_of(counted(n));
      for (int k = 0; k < steps; ++k) x = bf::map(bf::on(name), neighbours{}, bf::window(x, {1}));
      const auto got = x.host();
      EXPECT_TRUE(std::equal(got.begin(), got.end(), want.begin(), want.end())) << name;
    }
    const std::size_t most = free_bytes(name);
    // The one before this run, the input and the result of a step, and a copy on the host.
    EXPECT_LE(most, 4 * array_bytes + (std::size_t{1} << 16)) << name;
    EXPECT_GE(most, 2 * array_bytes) << name << ": what was measured?";
  }
}

// Random graphs whose results are kept or let go at random, partly before and partly after they have run.
TEST(run_memory, whoever_holds_a_result_finds_it_as_it_was) {
  std::mt19937 random(busfare_test::printed_seed());
  const auto pick = [&](std::size_t below) { return static_cast<std::size_t>(random()) % below; };
  const std::vector<std::string> names = devices();
  for (int round = 0; round < 40; ++round) {
    struct value {
      bf::array<std::uint32_t> real;
      numbers want;
      bool held = true;
    };
    std::vector<value> all;
    const std::size_t n = 50 + pick(2000);
    all.push_back({bf::copy_of(counted(n)), counted(n)});
    const std::string main = names[pick(names.size())];
    const bool mixed_devices = pick(4) == 0;
    const int operations = 5 + static_cast<int>(pick(50));
    const auto some = [&] {
      for (;;) {
        const std::size_t back = pick(4) == 0 ? pick(all.size()) : pick(std::min<std::size_t>(3, all.size()));
        if (const std::size_t k = all.size() - 1 - back; all[k].held) return k;
      }
    };
    for (int k = 0; k < operations; ++k) {
      const bf::options how = bf::on(mixed_devices ? names[pick(names.size())] : main);
      const std::size_t a = some(), b = some();
      value next;
      if (pick(3) != 0) {
        next.real = bf::map(how, neighbours{}, bf::window(all[a].real, {1}));
        next.want = step(all[a].want);
      } else {
        next.real = bf::map(
            how, [](auto x, auto y) { return x * 5u - y; }, all[a].real, all[b].real);
        for (std::size_t i = 0; i < n; ++i) next.want.push_back(all[a].want[i] * 5u - all[b].want[i]);
      }
      all.push_back(std::move(next));
      // The newest stays, so that there is always one to go on with.
      if (const std::size_t old = pick(all.size()); old + 1 < all.size() && pick(3) != 0) {
        all[old].held = false;
        all[old].real = {};
      }
      if (pick(20) == 0) bf::run(all[some()].real);
    }
    bf::run(all.back().real);
    for (const value& v : all) {
      if (!v.held) continue;
      const auto got = v.real.host();
      ASSERT_EQ(numbers(got.begin(), got.end()), v.want)
          << "result " << &v - all.data() << " of round " << round << " on " << main;
    }
  }
}

}  // namespace
