// The quick calibration on the cpu device with a scripted probe; nothing here depends on real speed.
#include <chrono>
#include <gtest/gtest.h>
#include <new>
#include <thread>

#include <busfare/backend/module.hpp>
#include <busfare/error.hpp>

#include "core/calibrate.hpp"
#include "core/profile_store.hpp"
#include "cpu/module.hpp"
#include "sim/module.hpp"
#include "support/far_device.hpp"

namespace {

using namespace busfare;

backend::services test_services() {
  backend::services s{};
  s.host_alloc = [](std::size_t bytes) -> void* { return ::operator new (bytes, std::align_val_t{64}); };
  s.host_free = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
  s.open = [](std::string_view name) { return busfare_module_cpu()->open(test_services(), name); };
  return s;
}

TEST(profile_calibrate, finds_the_rates_that_the_probe_has) {
  const auto cpu = busfare_module_cpu()->open(test_services(), "cpu");
  core::calibration_probe probe;
  probe.triad_seconds = [](std::uint64_t n) { return 1e-5 + 12.0 * static_cast<double>(n) / 20e9; };
  probe.flops_seconds = [](std::uint64_t n) { return 1e-5 + 100.0 * static_cast<double>(n) / 50e9; };
  probe.flops_per_element = 100;
  probe.launch_seconds = [] { return 1e-5; };
  const device_profile p = core::quick_calibrate(*cpu, probe);
  EXPECT_EQ(p.device, "cpu");
  EXPECT_DOUBLE_EQ(p.rates.launch_seconds, 1e-5);
  EXPECT_NEAR(p.rates.bytes_per_second, 20e9, 1e5);
  EXPECT_NEAR(p.rates.flops_per_second_f32, 50e9, 1e5);
  ASSERT_EQ(p.links.size(), 2u);
  for (const link_curve& link : p.links) {
    EXPECT_EQ(link.memory, "mapped");
    EXPECT_EQ(link.source, provenance::measured);
    EXPECT_GE(link.predict(1 << 20), 0);
  }
  EXPECT_EQ(p.when.size(), 10u);
  EXPECT_EQ(core::profile_text(core::parse_profile(core::profile_text(p))), core::profile_text(p));
}

TEST(profile_calibrate, parts_the_hosts_time_into_runs_launches_and_transfers) {
  far_device::device device("calibrated", "host", std::make_shared<far_device::behaviour>());
  core::calibration_probe probe;
  int calls = 0;
  probe.run_overhead = [&](int launches, int uploads) {
    const double disturbed = ++calls % 7 == 0 ? 1e-3 : 0;  // quartiles do not see it
    return 50e-6 + launches * 8e-6 + uploads * 3e-6 + disturbed;
  };
  probe.read_overhead = [] { return 21e-6; };
  probe.builds = [] { return core::build_times{0.3, 0.01}; };
  const auto steady = [](double rate) {
    return [rate](std::uint64_t n) { return 64.0 * static_cast<double>(n) / rate; };
  };
  probe.flops_per_element = probe.divisions_per_element = 64;
  probe.flops_seconds = steady(50e9);
  probe.flops_f64_seconds = steady(30e9);
  probe.divisions_seconds = steady(5e9);
  probe.divisions_f64_seconds = steady(2e9);
  const device_profile p = core::quick_calibrate(device, probe);
  EXPECT_NEAR(p.rates.run_seconds, 50e-6, 1e-9);
  EXPECT_NEAR(p.rates.submit_seconds, 8e-6, 1e-9);
  ASSERT_EQ(p.links.size(), 2u);
  for (const link_curve& link : p.links) {
    EXPECT_EQ(link.memory, "pageable");
    EXPECT_NEAR(link.submit_seconds, link.way == direction::upload ? 3e-6 : 21e-6, 1e-9);
  }
  EXPECT_EQ(p.rates.build_seconds, 0.3);
  EXPECT_EQ(p.rates.cached_build_seconds, 0.01);
  EXPECT_NEAR(p.rates.flops_per_second_f32, 50e9, 1e5);
  EXPECT_NEAR(p.rates.flops_per_second_f64, 30e9, 1e5);
  EXPECT_NEAR(p.rates.divisions_per_second_f32, 5e9, 1e5);
  EXPECT_NEAR(p.rates.divisions_per_second_f64, 2e9, 1e5);
  EXPECT_EQ(core::profile_text(core::parse_profile(core::profile_text(p))), core::profile_text(p));
}

// An interpreter or a sanitized build: the first run has used the time up, and its result must do.
TEST(profile_calibrate, a_device_whose_runs_are_long_runs_once) {
  const auto cpu = busfare_module_cpu()->open(test_services(), "cpu");
  core::calibration_probe probe;
  int calls = 0;
  std::uint64_t elements = 0;
  probe.flops_per_element = 64;
  probe.flops_seconds = [&](std::uint64_t n) {
    ++calls;
    elements = n;
    std::this_thread::sleep_for(std::chrono::milliseconds(210));  // of 200 that it has
    return 0.5;
  };
  const device_profile p = core::quick_calibrate(*cpu, probe);
  EXPECT_EQ(calls, 1);
  EXPECT_NEAR(p.rates.flops_per_second_f32, 64.0 * static_cast<double>(elements) / 0.5, 1);
}

TEST(profile_calibrate, works_without_a_probe) {
  const auto cpu = busfare_module_cpu()->open(test_services(), "cpu");
  const device_profile p = core::quick_calibrate(*cpu, {});
  EXPECT_EQ(p.rates.bytes_per_second, 0);
  EXPECT_EQ(p.rates.launch_seconds, 0);
}

TEST(profile_calibrate, leaves_virtual_clocks_alone) {
  const auto sim = busfare_module_sim()->open(test_services(), "sim:h200-pcie5");
  EXPECT_THROW(core::quick_calibrate(*sim, {}), error);
}

}  // namespace
