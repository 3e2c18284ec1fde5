// The whole library on a CUDA device that fails: values are old or complete, the rest goes on, nothing leaks.
#include <cuda.h>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "core/residency.hpp"
#include "fake_cuda/control.hpp"

namespace {

namespace bf = busfare;
using bf::error_class;
using fake_cuda::effect;
using fake_cuda::fault;

constexpr std::size_t n = 9000;
constexpr const char* device_name = "cuda:0";

struct shifted {
  auto operator()(auto x) const { return x * 1.5f + 1.0f; }
};
struct divided {
  auto operator()(auto x, auto y) const { return y / (bf::abs(x) + 1.0f); }
};

/// What the cpu says of everything.
struct expected_values {
  std::vector<float> input, first, second;
  float sum = 0;
};

expected_values make_expected() {
  expected_values e;
  for (std::size_t i = 0; i < n; ++i) e.input.push_back(static_cast<float>(i) * 0.25f - 900.0f);
  const auto x = bf::copy_of(e.input);
  const auto a = bf::map(bf::on("cpu"), shifted{}, x);
  const auto b = bf::map(bf::on("cpu"), divided{}, a, x);
  const auto s = bf::sum(bf::on("cpu"), b);
  const auto first = a.host();
  const auto second = b.host();
  e.first.assign(first.begin(), first.end());
  e.second.assign(second.begin(), second.end());
  e.sum = s.value();
  return e;
}

std::vector<float> all_of(const bf::array<float>& a) {
  const auto host = a.host();
  return {host.begin(), host.end()};
}

struct failing {
  const char* name;
  effect what;
  int code;
  error_class expected;
};
void PrintTo(const failing& f, std::ostream* to) { *to << f.name; }

class cuda_runtime : public ::testing::TestWithParam<failing> {
 protected:
  void SetUp() override {
    ASSERT_NE(driver, nullptr);
    ASSERT_NE(compiler, nullptr);
    if (*compiler->compiler() == 0) GTEST_SKIP() << "no C++ compiler for the fake NVRTC";
    new_world(1);
    slot = &bf::core::device_list::shared().find(device_name);
  }
  void new_world(std::uint64_t seed) {
    fake_cuda::settings s;
    s.when = fake_cuda::order::random;
    s.seed = seed;
    driver->reset(&s);
    compiler->reset();
  }
  /// Everything that the library keeps for the device goes, and the device is closed.
  void close_device() {
    const std::scoped_lock hold(bf::core::run_lock());
    if (slot->device) bf::core::drain_released(*slot);
    bf::forget();
    slot->compute.reset();
    slot->upload.reset();
    slot->download.reset();
    slot->device.reset();
  }
  void expect_clean(bool lost) {
    for (std::uint64_t i = 0; i < driver->misuse_count(); ++i) ADD_FAILURE() << driver->misuse(i);
    EXPECT_EQ(compiler->programs(), 0u);
    EXPECT_EQ(driver->alive().leaked, 0u);
    if (!lost) {
      EXPECT_EQ(driver->alive().handles(), 0u);
    }
  }

  const fake_cuda::driver_control* driver = fake_cuda::loaded_driver();
  const fake_cuda::compiler_control* compiler = fake_cuda::loaded_compiler();
  bf::core::device_slot* slot = nullptr;
};

TEST_P(cuda_runtime, every_call_of_a_run_in_turn) {
  static const expected_values want = make_expected();
  std::map<std::string, int> seen;
  std::uint64_t call = 1;
  for (bool met = true; met; ++call) {
    new_world(call);
    SCOPED_TRACE(std::string(GetParam().name) + " at call " + std::to_string(call) + " of the run");
    bool lost = false;
    {
      const auto on = bf::on(device_name);
      const auto x = bf::copy_of(want.input);
      const auto a = bf::map(on, shifted{}, x);
      EXPECT_EQ(all_of(a), want.first);  // old: on the device and on the host
      const std::uint64_t before = driver->calls();
      const fault f{.nth = call, .what = GetParam().what, .code = GetParam().code, .queries = 3};
      driver->plan(&f);

      const auto b = bf::map(on, divided{}, a, x);
      const auto s = bf::sum(on, b);
      std::string said = "complete", why;
      try {
        const float sum = s.value();
        EXPECT_EQ(sum, want.sum);
        EXPECT_EQ(all_of(b), want.second);
      } catch (const bf::error& e) {
        said = bf::name_of(e.kind());
        why = e.what();
        EXPECT_EQ(e.kind(), GetParam().expected) << why;
        EXPECT_EQ(e.where().device, device_name);
        lost = e.kind() == error_class::device_lost;
      }
      met = driver->calls() >= before + call;
      SCOPED_TRACE(std::string(driver->call_name(before + call - 1)) + ": " + why);
      ++seen[said];
      driver->clear_plan();
      lost = lost || !slot->device->health().empty();

      // What the host held is there still, and other devices go on.
      EXPECT_EQ(all_of(x), want.input);
      EXPECT_EQ(all_of(a), want.first);
      EXPECT_EQ(all_of(bf::map(bf::on("cpu"), divided{}, a, x)), want.second);
      // The same run again: complete where the fault was passing, and told where the device is lost.
      if (lost) {
        try {
          EXPECT_EQ(all_of(b), want.second);
          EXPECT_EQ(s.value(), want.sum);
        } catch (const bf::error& e) {
          EXPECT_EQ(e.kind(), error_class::device_lost) << e.what();
        }
      } else {
        EXPECT_EQ(s.value(), want.sum);
        EXPECT_EQ(all_of(b), want.second);
        EXPECT_EQ(all_of(bf::map(on, shifted{}, a)).size(), n);
      }
    }
    close_device();
    expect_clean(lost);
    if (::testing::UnitTest::GetInstance()->current_test_info()->result()->total_part_count() > 40) break;
  }
  std::string summary;
  for (const auto& [what, count] : seen) summary += what + " " + std::to_string(count) + ", ";
  std::printf("%s: %llu calls: %s\n", GetParam().name, static_cast<unsigned long long>(call - 1),
              summary.c_str());
  EXPECT_GT(call, 40u);
  if (GetParam().what != effect::late) {
    EXPECT_GT(seen[bf::name_of(GetParam().expected)], 20);
  }
}

INSTANTIATE_TEST_SUITE_P(
    each, cuda_runtime,
    ::testing::Values(
        failing{"out_of_memory", effect::code, CUDA_ERROR_OUT_OF_MEMORY, error_class::out_of_memory},
        failing{"refused", effect::code, CUDA_ERROR_INVALID_VALUE, error_class::internal},
        failing{"launch_failed", effect::late_error, CUDA_ERROR_LAUNCH_FAILED, error_class::device_lost},
        failing{"sticky", effect::sticky, CUDA_ERROR_ILLEGAL_ADDRESS, error_class::device_lost},
        failing{"gone", effect::gone, CUDA_ERROR_DEVICE_UNAVAILABLE, error_class::device_lost},
        failing{"late", effect::late, 0, error_class::internal}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
