// Builds behind the scenes: `auto` answers where it can at once, and moves when the better device is ready.
#include "core/builder.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "support/far_device.hpp"
#include "support/hidden_devices.hpp"

namespace {

namespace bf = busfare;
namespace core = busfare::core;

constexpr std::size_t n = std::size_t{1} << 16;
// Seconds that one kernel is believed to take to build. The cpu is believed to take 23 for `heavy`: less, but
// far more than a tenth of the price of two.
constexpr double price = 75;

// While this lives, a device that `auto` may pick, beside a cpu that is believed to be slow until it was
// measured.
class slow_cpu {
 public:
  slow_cpu(const std::string& name, double build_seconds) {
    far = &far_device::add(name, "host", how);
    how->at_build = [this](const bf::backend::build_request& what) {
      ++builds;
      if (ready.valid()) ready.wait();
      if (refuses || (refuses_maps && !what.steps.empty()))
        throw bf::error(bf::error_class::kernel_build, "no such instruction");
    };
    core::device_slot& cpu = core::device_list::shared().host();
    hidden_.emplace([](const core::device_slot&) { return false; });
    far->from = cpu.from;
    far->profile->rates.build_seconds = build_seconds;
    far->profile->rates.bytes_per_second = 1e12;
    for (bf::link_curve& each : far->profile->links) each.segments = {{UINT64_MAX, 1e-6, 1e-12}};
    known_ = cpu.profile;
    cpu.profile = far_device::profile();
    cpu.profile->rates.flops_per_second_f32 = 1e7;
    bf::forget();
  }
  ~slow_cpu() {
    core::await_builder();
    how->at_build = nullptr;
    core::device_list::shared().host().profile = known_;
    bf::forget();
  }
  slow_cpu(const slow_cpu&) = delete;
  slow_cpu& operator=(const slow_cpu&) = delete;

  std::shared_ptr<far_device::behaviour> how = std::make_shared<far_device::behaviour>();
  core::device_slot* far;
  std::atomic<int> builds = 0;
  std::atomic<bool> refuses = false, refuses_maps = false;
  std::shared_future<void> ready;  // what building waits for, where there is one

 private:
  std::optional<bf::device_profile> known_;
  std::optional<busfare_tests::hidden_devices> hidden_;  // all others
};

// Milliseconds of work on any cpu. Each test has a kernel of its own, by `salt`.
template <int salt> bf::array<float> heavy(const bf::array<float>& x) {
  return bf::map(
      [](auto a) { return bf::fold(64, a, [](auto s, auto) { return bf::exp(-s) + float(salt); }); }, x);
}

bf::array<float> ramp() {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(i) / static_cast<float>(n);
  return bf::copy_of(v);
}

bool says(const std::vector<std::string>& notes, const std::string& what) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& each) { return each.find(what) != std::string::npos; });
}

TEST(builder, auto_answers_from_the_cpu_while_another_device_compiles) {
  slow_cpu here("far:builder-1", price);
  std::promise<void> compiler;
  here.ready = compiler.get_future().share();
  const auto x = ramp();
  const auto before = bf::stats();

  const bf::plan q = bf::quote(heavy<1>(x));
  EXPECT_EQ(q.device, "cpu");
  EXPECT_TRUE(says(q.notes, "far:builder-1 would end first")) << (q.notes.empty() ? "" : q.notes.front());
  EXPECT_EQ(here.builds, 0) << "a quote orders nothing";

  const auto first = heavy<1>(x), second = heavy<1>(x);
  EXPECT_EQ(bf::run(first).plan.device, "cpu");
  // The compiler is at work now, or will be soon; nobody waits for it.
  const bf::receipt meanwhile = bf::run(second);
  EXPECT_EQ(meanwhile.plan.device, "cpu");
  EXPECT_TRUE(meanwhile.plan.reused);
  EXPECT_EQ(bf::stats().built_behind, before.built_behind);

  compiler.set_value();
  core::await_builder();
  const auto third = heavy<1>(x);
  const bf::receipt moved = bf::run(third);
  EXPECT_EQ(moved.plan.device, "far:builder-1");
  EXPECT_FALSE(moved.plan.reused);
  EXPECT_EQ(moved.measured.build, 0);
  EXPECT_EQ(here.builds, 1);
  EXPECT_EQ(bf::stats().built_behind, before.built_behind + 1);
  (void)bf::run(heavy<1>(x));  // finds x on the device, which is another plan
  EXPECT_TRUE(bf::run(heavy<1>(x)).plan.reused);
  const auto a = first.host(), b = third.host();
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

TEST(builder, every_level_of_a_reduction_is_built) {
  slow_cpu here("far:builder-2", price);
  const auto x = ramp();
  const float on_cpu = bf::sum(heavy<2>(x)).value();
  core::await_builder();
  const int built = here.builds;
  EXPECT_GE(built, 2);
  const auto total = bf::sum(heavy<2>(x));
  EXPECT_EQ(bf::run(total).plan.device, "far:builder-2");
  EXPECT_EQ(here.builds, built);
  EXPECT_EQ(total.value(), on_cpu);
}

TEST(builder, a_kernel_that_cannot_be_built_is_told_once_and_ordered_once) {
  slow_cpu here("far:builder-3", price);
  here.refuses = true;
  const auto x = ramp();
  std::vector<std::string> notes = bf::run(heavy<3>(x)).notes;  // a fast builder's note is in it already
  core::await_builder();
  EXPECT_EQ(here.builds, 1);
  const bf::receipt r = bf::run(bf::sum(heavy<3>(x)));  // a plan of its own, so that notes are gathered
  notes.insert(notes.end(), r.notes.begin(), r.notes.end());
  const auto told = [](const std::string& each) {
    return each.find("far:builder-3 behind the scenes") != std::string::npos &&
           each.find("no such instruction") != std::string::npos;
  };
  // And once more, where the sum's own kernels were refused before its receipt was written.
  EXPECT_TRUE(std::any_of(notes.begin(), notes.end(), told)) << notes.size();
  EXPECT_EQ(r.plan.device, "cpu");
  core::await_builder();
  const int builds = here.builds;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bf::run(heavy<3>(x)).plan.device, "cpu");
  core::await_builder();
  EXPECT_EQ(here.builds, builds);
}

TEST(builder, what_an_order_could_build_serves_other_plans) {
  slow_cpu here("far:builder-6", price);
  here.refuses_maps = true;  // the first level is a map and a fold; the next is a fold of its own
  const auto x = ramp();
  (void)bf::sum(heavy<6>(x)).value();
  core::await_builder();
  EXPECT_EQ(here.builds, 2);
  here.refuses_maps = false;
  (void)bf::sum(heavy<7>(x)).value();
  core::await_builder();
  EXPECT_EQ(here.builds, 3);
  EXPECT_EQ(bf::run(bf::sum(heavy<7>(x))).plan.device, "far:builder-6");
  EXPECT_EQ(bf::run(bf::sum(heavy<6>(x))).plan.device, "cpu");
}

TEST(builder, what_saves_little_is_built_after_it_was_missed_often) {
  // 20 s a run are believed to be saved, so that a tenth of the price is reached by the sixth run.
  slow_cpu here("far:builder-4", 0);
  const auto x = bf::copy_of(std::vector<float>(1000, 0.5f));
  const auto job = [&] {
    return bf::map([](auto a) { return bf::fold(1000, a, [](auto s, auto) { return s * 0.5f + 4.0f; }); }, x);
  };
  const double saved = bf::quote(job()).candidates.front().predicted.total();
  here.far->profile->rates.build_seconds = saved * 55;
  bf::forget();
  for (int i = 0; i < 5; ++i) (void)bf::run(job());
  core::await_builder();
  EXPECT_EQ(here.builds, 0);
  for (int i = 0; i < 2; ++i) (void)bf::run(job());
  core::await_builder();
  EXPECT_EQ(here.builds, 1);
}

TEST(builder, a_run_by_name_waits_for_the_compiler_and_shares_its_work) {
  slow_cpu here("far:builder-5", price);
  const auto x = ramp();
  (void)bf::run(heavy<5>(x));
  const auto named = bf::map(
      bf::on("far:builder-5"),
      [](auto a) { return bf::fold(64, a, [](auto s, auto) { return bf::exp(-s) + float(5); }); }, x);
  EXPECT_EQ(bf::run(named).plan.device, "far:builder-5");
  core::await_builder();
  const auto a = heavy<5>(x).host(), b = named.host();
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

}  // namespace
