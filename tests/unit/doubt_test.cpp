// A plan of `auto` whose runs take far longer than it predicted is thought over.
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "support/far_device.hpp"
#include "support/hidden_devices.hpp"

namespace {

namespace bf = busfare;
namespace core = busfare::core;

// While this lives: a device that is believed to be ten times as fast as the cpu, which is believed to be
// much faster than any is. Nobody else takes part.
class flattered {
 public:
  flattered(const std::string& name, double cpu_rate) {
    far = &far_device::add(name, "host", how);
    core::device_slot& cpu = core::device_list::shared().host();
    hidden_.emplace([](const core::device_slot&) { return false; });
    far->from = cpu.from;
    known_ = cpu.profile;
    cpu.profile = far_device::profile();
    for (core::device_slot* const each : {&cpu, far}) {
      each->profile->rates.build_seconds = each->profile->rates.build_seconds_per_operation = 0;
      each->profile->rates.bytes_per_second = 1e12;
      each->profile->rates.flops_per_second_f32 = each == far ? 10 * cpu_rate : cpu_rate;
      for (bf::link_curve& l : each->profile->links) l.segments = {{UINT64_MAX, 1e-6, 1e-12}};
    }
    bf::forget();
  }
  ~flattered() {
    how->at_run = nullptr;
    core::device_list::shared().host().profile = known_;
    bf::forget();
  }
  flattered(const flattered&) = delete;
  flattered& operator=(const flattered&) = delete;

  std::shared_ptr<far_device::behaviour> how = std::make_shared<far_device::behaviour>();
  core::device_slot* far;

 private:
  std::optional<bf::device_profile> known_;
  std::optional<busfare_tests::hidden_devices> hidden_;  // all others
};

// Each test has a kernel of its own, by `salt`, so that nothing was measured of it.
template <int salt> bf::array<float> heavy(const bf::array<float>& x) {
  return bf::map(
      [](auto a) { return bf::fold(9000, a, [](auto s, auto) { return bf::exp(-s) + float(salt); }); }, x);
}

TEST(doubt, runs_that_take_far_longer_than_predicted_move_the_plan) {
  const flattered here("far:doubt-1", 1e13);  // no cpu is that fast
  const auto x = bf::copy_of(std::vector<float>(1 << 14, 0.5f));
  EXPECT_EQ(bf::run(heavy<1>(x)).plan.device, "far:doubt-1");
  std::string last;
  for (int i = 0; i < 8 && last != "cpu"; ++i) last = bf::run(heavy<1>(x)).plan.device;
  EXPECT_EQ(last, "cpu");
}

TEST(doubt, a_choice_that_was_confirmed_is_left_alone_for_longer) {
  const flattered here("far:doubt-2", 1e7);  // any is faster, sanitized or not
  // Not in the kernel's own time, so that nothing is learned from it.
  here.how->at_run = [] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); };
  const auto x = bf::copy_of(std::vector<float>(1 << 10, 0.5f));
  const auto job = [&] {
    return bf::map([](auto a) { return bf::fold(10, a, [](auto s, auto) { return s * 0.5f + 3.0f; }); }, x);
  };
  (void)bf::run(job());
  (void)bf::run(job());  // finds x on the device, which is another plan
  const std::uint64_t before = bf::stats().plans_made;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(bf::run(job()).plan.device, "far:doubt-2");
  const std::uint64_t made = bf::stats().plans_made - before;
  EXPECT_GE(made, 1u);
  EXPECT_LE(made, 3u);
}

}  // namespace
