// Check mode around kernels: plans, receipts, lists of findings, devices that are wrong, jobs, the
// environment.
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "support/checking.hpp"
#include "support/far_device.hpp"
#include "support/faulty_device.hpp"

namespace {

namespace bf = busfare;
using bf::finding_kind;
using busfare_test::checking;
using busfare_test::expect_finding;
using busfare_test::next_line;
using busfare_test::real_devices;
using busfare_test::text_of;

std::vector<float> ramp(std::size_t n, float first = 0) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = first + static_cast<float>(i);
  return v;
}

TEST(check_mode_runs, does_not_fuse_and_keys_plans) {
  const auto once = [] {
    const auto x = bf::copy_of(ramp(5000));
    const auto y = bf::map(
        bf::on("cpu"), [](auto v) { return v + 1.0f; }, x);
    const auto z = bf::map(
        bf::on("cpu"), [](auto v) { return v * 2.0f; }, y);
    const auto total = bf::sum(bf::on("cpu"), z);
    const bf::receipt r = bf::run(total);
    EXPECT_EQ(total.value(), 25005000.0f);
    return r;
  };
  bf::forget();
  const bf::receipt plain = once();
  EXPECT_EQ(plain.plan.steps.size(), 1u) << plain;
  EXPECT_FALSE(plain.plan.checked);
  {
    const checking on;
    const bf::receipt r = once();
    EXPECT_EQ(r.plan.steps.size(), 3u) << r;
    EXPECT_TRUE(r.plan.checked);
    EXPECT_FALSE(r.plan.reused);
    EXPECT_TRUE(r.findings.empty()) << r;
    std::ostringstream text;
    text << r;
    EXPECT_NE(text.str().find("check mode is on"), std::string::npos) << text.str();
    EXPECT_NE(r.plan.steps[1].cut.find("check mode"), std::string::npos) << r;
    EXPECT_NE(r.plan.steps[2].cut.find("check mode"), std::string::npos) << r;
    EXPECT_TRUE(once().plan.reused);
  }
  const bf::receipt again = once();
  EXPECT_EQ(again.plan.steps.size(), 1u) << again;
  EXPECT_TRUE(again.plan.reused);
}

TEST(check_mode_runs, quotes_say_it_and_run_nothing) {
  const checking on;
  const auto y = bf::map(
      bf::on("cpu"), [](auto v) { return bf::log(v); }, bf::copy_of(std::vector<float>{-1}));
  const bf::plan p = bf::quote(y);
  EXPECT_TRUE(p.checked);
  EXPECT_TRUE(bf::take_findings().empty());
}

TEST(check_mode_runs, chains_are_told_by_the_node_that_did_it) {
  const checking on;
  const auto x = bf::copy_of(std::vector<float>{1, 0.5f});
  const auto y = bf::map(
      bf::on("cpu"), [](auto v) { return v - 1.0f; }, x);
  const auto kernel = [](auto v) { return bf::log(v); };
  constexpr auto line = next_line();
  const auto z = bf::map(bf::on("cpu"), kernel, y);
  const auto w = bf::map(
      bf::on("cpu"), [](auto v) { return v * 3.0f; }, z);
  const bf::receipt r = bf::run(w);
  ASSERT_EQ(r.findings.size(), 1u) << r;
  expect_finding(r.findings[0], finding_kind::nan_born, line, "log", 1, 1, "log(-0.5) is NaN");
  std::ostringstream text;
  text << r;
  EXPECT_NE(text.str().find("found: "), std::string::npos);
  EXPECT_NE(
      text.str().find("check_mode_runs_test.cpp:" + std::to_string(line.line) +
                      ": NaN born: log, in 1 of 2 elements on cpu, first in element 1: log(-0.5) is NaN"),
      std::string::npos)
      << text.str();
}

TEST(check_mode_runs, findings_of_runs_without_a_receipt_are_kept) {
  const checking on;
  const std::uint64_t before = bf::stats().findings;
  const auto x = bf::copy_of(std::vector<float>{-1});
  (void)bf::map(
      bf::on("cpu"), [](auto v) { return bf::log(v); }, x)
      .host();
  (void)bf::map(
      bf::on("cpu"), [](auto v) { return bf::sqrt(v); }, x)
      .host();
  const std::vector<bf::finding> found = bf::take_findings();
  ASSERT_EQ(found.size(), 2u) << text_of(found);
  EXPECT_EQ(found[0].operation, "log");
  EXPECT_EQ(found[1].operation, "sqrt");
  EXPECT_TRUE(bf::take_findings().empty());
  EXPECT_EQ(bf::stats().findings, before + 2);
}

TEST(check_mode_runs, the_list_is_bounded) {
  const checking on;
  const std::uint64_t before = bf::stats().findings;
  const auto x = bf::copy_of(std::vector<float>{-1});
  for (int i = 0; i < 1010; ++i)
    (void)bf::map(
        bf::on("cpu"), [](auto v) { return bf::log(v); }, x)
        .host();
  EXPECT_EQ(bf::take_findings().size(), 1000u);
  EXPECT_EQ(bf::stats().findings, before + 1010);
}

TEST(check_mode_runs, nothing_is_found_without_it) {
  bf::set_check_mode(false);
  (void)bf::take_findings();
  const bf::receipt r = bf::run(bf::map(
      bf::on("cpu"), [](auto v) { return bf::log(v); }, bf::copy_of(std::vector<float>{-1})));
  EXPECT_TRUE(r.findings.empty());
  EXPECT_TRUE(bf::take_findings().empty());
}

TEST(check_mode_runs, a_device_that_stores_other_bits_is_found) {
  const std::string wrong = std::string("faulty:") + name_of(conformance::fault::wrong_row);
  bf::core::add_device(conformance::make_faulty_device(conformance::fault::wrong_row));
  bf::core::device_list::shared().find(wrong).profile = far_device::profile();
  const checking on;
  const auto x = bf::copy_of(std::vector<int>{10, 20, 30, 40});
  const auto kernel = [](auto v) { return v * 3; };
  constexpr auto line = next_line();
  const auto y = bf::map(bf::on(wrong), kernel, x);
  const bf::receipt r = bf::run(y);
  ASSERT_EQ(r.findings.size(), 1u) << r;
  expect_finding(r.findings[0], finding_kind::other_bits, line, "result", 1, 2,
                 "result 1 is 91, the kernel means 90");
  EXPECT_EQ(r.findings[0].device, wrong);
  // Whoever allows other bits gets them.
  const bf::options loose{.device = wrong, .bits = bf::bits::device};
  EXPECT_TRUE(bf::run(bf::map(
                          loose, [](auto v) { return v * 3; }, x))
                  .findings.empty());
}

TEST(check_mode_runs, reads_back_where_implied_transfers_are_forbidden) {
  const auto x = bf::copy_of(ramp(1000));
  const auto y = bf::map(
      bf::on("sim:h200-pcie5"), [](auto v) { return v * 3.0f; }, x);
  bf::prefetch(x, "sim:h200-pcie5");
  const checking on;
  bf::set_transfer_rule(bf::implicit_transfers::forbid);
  const bf::receipt r = bf::run(y);
  bf::set_transfer_rule(bf::implicit_transfers::allow);
  EXPECT_EQ(r.bytes_down, 4000u) << r;
  std::ostringstream text;
  text << r;
  EXPECT_NE(text.str().find("read by check mode"), std::string::npos) << text.str();
  EXPECT_TRUE(r.findings.empty()) << r;
}

TEST(check_mode_runs, jobs_can_be_stopped) {
  std::stop_source stop;
  const auto how = std::make_shared<far_device::behaviour>();
  how->at_run = [stop]() mutable { stop.request_stop(); };
  far_device::add("far:checked", "host", how);
  const checking on;
  const auto y = bf::map(
      bf::on("far:checked"), [](auto v) { return bf::log(v); }, bf::copy_of(std::vector<float>{-1}));
  try {
    (void)bf::start(stop.get_token(), y).get();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), bf::error_class::cancelled) << e.what();
  }
  EXPECT_TRUE(bf::take_findings().empty());
}

// What a failed run found, the next one finds again: it is told once.
TEST(check_mode_runs, findings_of_a_failed_run_are_not_kept) {
  const auto how = std::make_shared<far_device::behaviour>();
  far_device::add("far:failing", "host", how);
  int launches = 0;
  how->at_run = [&] {
    if (++launches == 2) throw bf::error(bf::error_class::transient, "a hiccup");
  };
  const checking on;
  const auto counted = bf::stats().findings;
  const auto logarithm = bf::map(
      bf::on("far:failing"), [](auto v) { return bf::log(v); }, bf::copy_of(std::vector<float>{-1}));
  const auto after = bf::map(
      bf::on("far:failing"), [](auto v) { return v + 1.0f; }, logarithm);
  EXPECT_THROW(bf::run(after), bf::error);
  EXPECT_EQ(launches, 2);
  EXPECT_EQ(bf::stats().findings, counted);
  EXPECT_TRUE(bf::take_findings().empty());
  EXPECT_EQ(bf::run(after).findings.size(), 1u);
  EXPECT_EQ(bf::take_findings().size(), 1u);
}

// A run that waits for a write view lets others run, which are checked as ever.
TEST(check_mode_runs, beside_a_run_that_waits) {
  auto x = bf::copy_of(std::vector<float>{4, -1});
  const checking on;
  auto open = std::make_optional(x.write());
  const auto logarithm = [](auto v) { return bf::log(v); };
  const auto waiting = bf::map(bf::on("cpu"), logarithm, x);
  const bf::job job = bf::start(waiting);
  EXPECT_FALSE(job.wait_for(std::chrono::milliseconds(50)));  // by now it waits
  const bf::receipt r =
      bf::run(bf::map(bf::on("cpu"), logarithm, bf::copy_of(std::vector<float>{-1, -2, 1})));
  EXPECT_TRUE(r.plan.checked);
  EXPECT_EQ(r.findings.size(), 1u);
  open.reset();
  EXPECT_EQ(job.get().findings.size(), 1u);
}

TEST(check_mode_runs, results_stay_what_they_are) {
  const auto compute = [](const std::string& device) {
    const auto x = bf::copy_of(ramp(3000, -1500));
    const auto y = bf::map(
        bf::on(device), [](auto v) { return bf::log(v) + bf::sqrt(v + 3.0f); }, x);
    const auto view = y.host();
    return std::vector<float>{view.begin(), view.end()};
  };
  for (const std::string& device : real_devices()) {
    const std::vector<float> plain = compute(device);
    const checking on;
    const std::vector<float> checked = compute(device);
    for (std::size_t i = 0; i < plain.size(); ++i)
      ASSERT_TRUE(plain[i] == checked[i] || (std::isnan(plain[i]) && std::isnan(checked[i]))) << device << i;
  }
}

TEST(check_mode_runs, environment) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const char* const values[] = {"1", "0", "", "yes", "11", " 1", "\xff\x01"};
  for (const char* const text : values) {
    ASSERT_EQ(setenv("BUSFARE_CHECK", text, 1), 0);  // NOLINT(concurrency-mt-unsafe)
    EXPECT_EXIT(
        {
          const bool wanted = std::string(getenv("BUSFARE_CHECK")) == "1";  // NOLINT(concurrency-mt-unsafe)
          const auto y = bf::map(
              bf::on("cpu"), [](auto v) { return bf::log(v); }, bf::copy_of(std::vector<float>{-1}));
          const bool found = !bf::run(y).findings.empty();
          std::exit(bf::check_mode() == wanted && found == wanted ? 0 : 1);  // NOLINT(concurrency-mt-unsafe)
        },
        testing::ExitedWithCode(0), "")
        << '"' << text << '"';
  }
  ASSERT_EQ(unsetenv("BUSFARE_CHECK"), 0);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace
