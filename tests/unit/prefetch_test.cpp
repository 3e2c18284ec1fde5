// Transfers and builds ahead of a run, and the rule that forbids those that nobody spelled.
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "support/far_device.hpp"

namespace {

namespace bf = busfare;

std::vector<float> counted(std::size_t n) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), 0.0f);
  return v;
}

std::vector<float> tripled(std::size_t n) {
  std::vector<float> v = counted(n);
  for (float& x : v) x *= 3;
  return v;
}

struct thrice {
  auto operator()(auto x) const { return x * 3.0f; }
};

template <class T> std::vector<T> values(const bf::array<T>& a) {
  const auto view = a.host();
  return {view.begin(), view.end()};
}

// Devices with a link; a device in place has only fences. Not the fakes of other tests in this process.
std::vector<std::string> far_away() {
  std::vector<std::string> names{"sim:h200-pcie5"};
  for (const bf::device_description& d : bf::devices())
    if (d.unavailable.empty() && (d.name.starts_with("opencl:") || d.name.starts_with("cuda:")))
      names.push_back(d.name);
  return names;
}

/// Forbids while it lives.
struct forbidden {
  forbidden() { bf::set_transfer_rule(bf::implicit_transfers::forbid); }
  ~forbidden() { bf::set_transfer_rule(bf::implicit_transfers::allow); }
};

std::string refusal(const bf::array<float>& a) {
  try {
    bf::run(a);
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), bf::error_class::invalid_argument) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(prefetch, the_run_finds_the_contents_there) {
  for (const std::string& device : far_away()) {
    SCOPED_TRACE(device);
    const auto x = bf::copy_of(counted(30000));
    bf::prefetch(x, device);
    bf::prefetch(x, device);
    const auto y = bf::map(bf::on(device), thrice{}, x);
    const bf::receipt r = bf::run(y);
    EXPECT_EQ(r.bytes_up, 0u);
    EXPECT_EQ(r.bytes_avoided, 30000u * 4);
    EXPECT_EQ(values(y), tripled(30000));
  }
}

TEST(prefetch, runs_what_the_contents_need) {
  const auto y = bf::map(bf::on("cpu"), thrice{}, bf::copy_of(counted(5000)));
  bf::prefetch(y, "sim:h200-pcie5");
  const auto z = bf::map(
      bf::on("sim:h200-pcie5"), [](auto x) { return x + 0.0f; }, y);
  EXPECT_EQ(bf::run(z).bytes_up, 0u);
  EXPECT_EQ(values(z), tripled(5000));
  bf::prefetch(z, "cpu");
  bf::prefetch(bf::array<float>(), "sim:h200-pcie5");
}

TEST(prefetch, of_arrays_that_go_and_versions_that_change) {
  bf::prefetch(bf::copy_of(counted(70000)), "sim:h200-pcie5");
  auto x = bf::copy_of(counted(70000));
  bf::prefetch(x, "sim:h200-pcie5");
  for (float& v : x.write()) v = 1;
  EXPECT_EQ(bf::sum(bf::on("sim:h200-pcie5"), x).value(), 70000.0f);
}

// The upload may read the caller's memory until it is done, so the lease asks for its end.
TEST(prefetch, a_lease_ends_after_the_uploads_from_it) {
  const auto how = std::make_shared<far_device::behaviour>();
  far_device::add("far:lease", "host", how);
  bf::run(bf::map(bf::on("far:lease"), thrice{}, bf::copy_of(counted(10))));
  const std::vector<float> mine = counted(3000);
  auto loan = bf::view_of(mine);
  bf::prefetch(*loan, "far:lease");
  int asked = 0;
  how->at_end = [&](busfare::backend::engine which) { asked += which == busfare::backend::engine::upload; };
  loan.end();
  EXPECT_GE(asked, 1);
  how->at_end = nullptr;
}

TEST(prefetch, an_unknown_device_is_named) {
  const auto x = bf::copy_of(counted(5));
  try {
    bf::prefetch(x, "cuda:77");
    FAIL();
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), bf::error_class::unavailable);
    EXPECT_NE(std::string(e.what()).find("cuda:77"), std::string::npos);
    EXPECT_NE(e.where().line.line, 0u);
  }
}

TEST(prefetch, one_that_fails_later_is_made_again) {
  const auto how = std::make_shared<far_device::behaviour>();
  far_device::add("far:prefetch", "host", how);
  bf::run(bf::map(bf::on("far:prefetch"), thrice{}, bf::copy_of(counted(10))));
  int failures = 0;
  how->at_end = [&](busfare::backend::engine which) {
    if (which != busfare::backend::engine::upload) return;
    ++failures;
    throw bf::error(bf::error_class::transient, "the link hiccuped");
  };
  const auto x = bf::copy_of(counted(3000));
  bf::prefetch(x, "far:prefetch");
  const auto other = bf::map(
      bf::on("cpu"), [](auto v) { return v - 9.0f; }, x);
  const bf::receipt told = bf::run(other);  // settles prefetches
  EXPECT_GE(failures, 1);
  how->at_end = nullptr;
  bool said = false;
  for (const std::string& n : told.notes) said = said || n.find("the link hiccuped") != std::string::npos;
  EXPECT_TRUE(said);
  const auto y = bf::map(bf::on("far:prefetch"), thrice{}, x);
  EXPECT_EQ(bf::run(y).bytes_up, 12000u) << "what failed is not believed to be there";
  EXPECT_EQ(values(y), tripled(3000));
}

// The same inside a run: its upload failed, so no later run may use that copy.
TEST(residency, an_upload_of_a_failed_run_is_not_believed) {
  const auto how = std::make_shared<far_device::behaviour>();
  far_device::add("far:upload", "host", how);
  const auto x = bf::copy_of(counted(3000));
  const auto y = bf::map(bf::on("far:upload"), thrice{}, x);
  how->at_end = [](busfare::backend::engine which) {
    if (which == busfare::backend::engine::upload) throw bf::error(bf::error_class::transient, "hiccup");
  };
  EXPECT_THROW(bf::run(y), bf::error);
  how->at_end = nullptr;
  EXPECT_EQ(bf::run(y).bytes_up, 12000u);
  EXPECT_EQ(values(y), tripled(3000));
}

TEST(transfer_rule, forbids_what_nobody_spelled) {
  const auto x = bf::copy_of(counted(2000));
  const auto there = bf::map(bf::on("sim:h200-pcie5"), thrice{}, x);
  const forbidden rule;
  const auto launches = bf::stats().launches;
  const std::string text = refusal(there);
  EXPECT_NE(text.find("prefetch_test.cpp"), std::string::npos) << text;
  EXPECT_NE(text.find("8000 bytes up"), std::string::npos) << text;
  EXPECT_EQ(bf::stats().launches, launches) << "refused before anything ran";
  bf::prefetch(x, "sim:h200-pcie5");
  bf::run(there);
  const auto back = bf::map(bf::on("cpu"), thrice{}, there);
  EXPECT_NE(refusal(back).find("bytes down"), std::string::npos);
  EXPECT_EQ(values(there), tripled(2000)) << "reading is spelled";
  bf::run(back);
}

// An empty result crosses nothing, and excuses no other crossing of its run.
TEST(transfer_rule, an_empty_result_excuses_nothing) {
  const auto table = bf::copy_of(counted(2000));
  const auto none = bf::map(
      bf::on("sim:h200-pcie5"), [](auto x, auto t) { return x + t[bf::cast<std::int64_t>(x)]; },
      bf::array<float>(), bf::whole(table));
  const forbidden rule;
  EXPECT_THROW((void)none.host(), bf::error);
}

TEST(transfer_rule, reading_a_result_that_has_to_be_computed_is_spelled) {
  const auto x = bf::copy_of(counted(2000));
  bf::prefetch(x, "sim:h200-pcie5");
  const forbidden rule;
  EXPECT_EQ(values(bf::map(bf::on("sim:h200-pcie5"), thrice{}, x)), tripled(2000));
  std::vector<float> out(2000);
  bf::map(bf::on("sim:h200-pcie5"), thrice{}, x).into(out);
  EXPECT_EQ(out, tripled(2000));
}

TEST(warm, builds_and_runs_nothing) {
  for (const std::string& device : far_away()) {
    SCOPED_TRACE(device);
    // Large enough for a second level of the tree.
    const auto x = bf::copy_of(counted(9000));
    const auto make = [&] {
      return bf::sum(bf::on(device), bf::map(
                                         bf::on(device), [](auto v) { return v * 0.25f + 0.125f; }, x));
    };
    const auto y = make();
    const auto before = bf::stats();
    bf::warm(y);
    const auto after = bf::stats();
    EXPECT_EQ(after.launches, before.launches);
    EXPECT_EQ(after.runs, before.runs);
    const bf::receipt r = bf::run(y);
    EXPECT_EQ(r.measured.build, 0) << device;
    EXPECT_TRUE(r.plan.reused);
    EXPECT_EQ(bf::stats().built, after.built);
    double want = 0;
    for (std::size_t i = 0; i < 9000; ++i) want += static_cast<double>(i) * 0.25 + 0.125;
    EXPECT_NEAR(y.value(), want, want * 1e-6);
    bf::warm(y);  // there is nothing left to build
  }
}

TEST(checkpoint, leaves_a_copy_on_the_host) {
  const auto x = bf::map(bf::on("sim:h200-pcie5"), thrice{}, bf::copy_of(counted(100)));
  bf::checkpoint(x);
  const bf::receipt r = bf::run(bf::map(bf::on("cpu"), thrice{}, x));
  EXPECT_EQ(r.bytes_down, 0u);
}

}  // namespace
