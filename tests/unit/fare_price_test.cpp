// The price of a job: the host's part in it, builds, and the way of the result, on devices whose figures are
// given.
#include <gtest/gtest.h>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "pool/thread_pool.hpp"
#include "support/far_device.hpp"

namespace {

namespace bf = busfare;
using bf::build_kind;

template <class T> std::string text_of(const T& said) {
  std::ostringstream out;
  out << said;
  return out.str();
}

bf::array<float> zeros(std::size_t n) { return bf::copy_of(std::vector<float>(n)); }

TEST(fare_price, counts_the_hosts_part_in_runs_launches_and_crossings) {
  far_device::add("far:0", "host", std::make_shared<far_device::behaviour>());
  const auto x = zeros(1000), y = zeros(1000);
  const auto sum = bf::map(
      bf::on("far:0"), [](auto a, auto b) { return a + b; }, x, y);
  const bf::plan q = bf::quote(sum);
  const double copy = 5e-6 + 4000e-9;
  EXPECT_DOUBLE_EQ(q.predicted.upload, 2 * copy);
  EXPECT_DOUBLE_EQ(q.predicted.kernel, 1e-6 + 12e-6);
  EXPECT_DOUBLE_EQ(q.predicted.download, copy);
  EXPECT_DOUBLE_EQ(q.predicted.overhead, 100e-6 + 10e-6 + 3 * 7e-6);
  EXPECT_DOUBLE_EQ(q.predicted.total(), q.predicted.build + q.predicted.upload + q.predicted.kernel +
                                            q.predicted.download + q.predicted.overhead);
  ASSERT_EQ(q.transfers.size(), 3u);
  EXPECT_EQ(q.transfers[2].direction, bf::direction::download);
  EXPECT_DOUBLE_EQ(q.transfers[2].predicted_seconds, copy);
  EXPECT_DOUBLE_EQ(q.transfers[2].submit_seconds, 7e-6);
  EXPECT_TRUE(q.result_on_host);
  EXPECT_NE(text_of(q).find("overhead"), std::string::npos);
  EXPECT_NE(text_of(q).find("having the result on the host"), std::string::npos);

  const bf::receipt r = bf::run(sum);  // leaves the result, and says what reading it takes
  EXPECT_FALSE(r.plan.result_on_host);
  EXPECT_EQ(r.plan.predicted.download, 0);
  EXPECT_DOUBLE_EQ(r.plan.predicted.overhead, 100e-6 + 10e-6 + 2 * 7e-6);
  EXPECT_EQ(r.plan.left_bytes, 4000u);
  EXPECT_DOUBLE_EQ(r.plan.later.total(), copy + 7e-6);
  EXPECT_NEAR(r.plan.predicted.total() - r.plan.predicted.build + r.plan.later.total(),
              q.predicted.total() - q.predicted.build, 1e-12);
  EXPECT_DOUBLE_EQ(r.measured.total(), r.wall_seconds);
  EXPECT_NE(text_of(r).find("3.9 KiB of results stay on the device"), std::string::npos) << text_of(r);

  // The inputs are there now.
  const bf::plan again = bf::quote(bf::map(
      bf::on("far:0"), [](auto a, auto b) { return a - b; }, x, sum));
  EXPECT_EQ(again.predicted.upload, 0);
  EXPECT_DOUBLE_EQ(again.predicted.overhead, 100e-6 + 10e-6 + 7e-6);
}

TEST(fare_price, host_times_are_corrected_by_what_runs_showed) {
  bf::core::device_slot& slot = far_device::add("far:6", "host", std::make_shared<far_device::behaviour>());
  const auto x = zeros(10);
  const auto made = [&] {
    return bf::map(
        bf::on("far:6"), [](auto a) { return a + 19.0f; }, x);
  };
  for (int i = 0; i < 5; ++i) slot.run_overhead.add(2), slot.read_overhead.add(3);
  EXPECT_DOUBLE_EQ(bf::quote(made()).predicted.overhead, 2 * (100e-6 + 10e-6 + 2 * 7e-6));
  EXPECT_DOUBLE_EQ(bf::run(made()).plan.later.overhead, 3 * 7e-6);

  // Figures a million times too high: short runs and readings teach better ones.
  slot.run_overhead = slot.read_overhead = {};
  slot.profile->rates.run_seconds = slot.profile->links[1].submit_seconds = 1000;
  for (int i = 0; i < 1000 && (slot.run_overhead.factor() == 1 || slot.read_overhead.factor() == 1); ++i) {
    const auto y = made();
    bf::run(y);
    (void)y.host();
  }
  EXPECT_EQ(slot.run_overhead.factor(), 0.125);
  EXPECT_EQ(slot.read_overhead.factor(), 0.125);
}

TEST(fare_price, counts_every_level_of_a_reduction) {
  far_device::add("far:1", "host", std::make_shared<far_device::behaviour>());
  for (const auto& [n, launches] : {std::pair<std::size_t, int>{4096, 1}, {4097, 2}}) {
    const auto total = bf::reduce(
        bf::on("far:1"), [](auto a, auto b) { return bf::max(a, b); }, zeros(n));
    const bf::plan q = bf::quote(total);
    EXPECT_NEAR(q.predicted.overhead, 100e-6 + launches * 10e-6 + 2 * 7e-6, 1e-12) << n;
    EXPECT_EQ(bf::run(total).launches, launches) << n;
  }
}

TEST(fare_price, data_that_cross_once_are_counted_once_between_devices) {
  far_device::add("far:2", "host", std::make_shared<far_device::behaviour>());
  const auto x = zeros(1000);
  const auto there = bf::map(
      bf::on("far:2"), [](auto a) { return a + 2.0f; }, x);
  const auto here = bf::map(
      bf::on("cpu"), [](auto a, auto b) { return a * b; }, there, x);
  const bf::plan q = bf::quote(here, there);
  EXPECT_DOUBLE_EQ(q.predicted.upload, 5e-6 + 4000e-9);
  EXPECT_DOUBLE_EQ(q.predicted.download, 5e-6 + 4000e-9);  // for the cpu and for the reader at once
  ASSERT_EQ(q.transfers.size(), 2u);
}

TEST(fare_price, tells_cached_builds_from_full_ones) {
  const auto how = std::make_shared<far_device::behaviour>();
  far_device::add("far:3", "host", how);
  const auto x = zeros(10);
  const auto once = bf::map(
      bf::on("far:3"), [](auto a) { return a * 3.0f; }, x);
  how->cached = true;
  const bf::plan cached = bf::quote(once);
  EXPECT_EQ(cached.steps.at(0).build, build_kind::cached);
  EXPECT_DOUBLE_EQ(cached.predicted.build, 0.002);
  EXPECT_NE(text_of(cached).find("from the cache"), std::string::npos) << text_of(cached);

  how->cached = false;
  bf::forget();
  const bf::plan full = bf::quote(once);
  EXPECT_EQ(full.steps.at(0).build, build_kind::full);
  EXPECT_DOUBLE_EQ(full.predicted.build, 0.25 + 3 * 0.01);  // input, literal, product
  EXPECT_NE(text_of(full).find("to be built"), std::string::npos) << text_of(full);

  bf::run(once);
  const bf::plan none = bf::quote(bf::map(
      bf::on("far:3"), [](auto a) { return a * 3.0f; }, x));
  EXPECT_EQ(none.steps.at(0).build, build_kind::full);  // another lambda is another kernel
  const auto twice = [&] {
    return bf::map(
        bf::on("far:3"), [](auto a) { return a * 5.0f; }, x);
  };
  bf::run(twice());
  EXPECT_EQ(bf::quote(twice()).predicted.build, 0);
  EXPECT_EQ(bf::quote(twice()).steps.at(0).build, build_kind::none);
}

// Figures of the host and of one other device, in `auto`'s sight while it lives.
class open_market {
 public:
  explicit open_market(bf::core::device_slot& far) : far_(far), cpu_(bf::core::device_list::shared().host()) {
    bf::core::device_list::shared().open(cpu_);
    kept_ = cpu_.profile;
    cpu_.profile = far_device::profile();
    cpu_.profile->rates.bytes_per_second = 1e6;
    far_.from = cpu_.from;
    for (auto& slot : bf::core::device_list::shared().slots()) {
      if (slot.get() == &cpu_ || slot.get() == &far_ || slot->from == nullptr) continue;
      others_.emplace_back(slot.get(), slot->from);
      slot->from = nullptr;
    }
    bf::forget();
  }
  open_market(const open_market&) = delete;
  open_market& operator=(const open_market&) = delete;
  ~open_market() {
    cpu_.profile = kept_;
    far_.from = nullptr;
    for (auto& [slot, from] : others_) slot->from = from;
    bf::forget();
  }

 private:
  bf::core::device_slot &far_, &cpu_;
  std::optional<bf::device_profile> kept_;
  std::vector<std::pair<bf::core::device_slot*, const bf::backend::module*>> others_;
};

TEST(fare_price, quote_run_and_reading_choose_the_same_device) {
  bf::core::device_slot& far = far_device::add("far:4", "host", std::make_shared<far_device::behaviour>());
  far.profile->rates.build_seconds = far.profile->rates.build_seconds_per_operation = 0;
  const open_market open(far);
  const auto made = [](std::size_t n) { return bf::map([](auto a) { return a - 7.0f; }, zeros(n)); };
  // 4096 elements: 33 ms on the cpu as told, 0.2 ms on the other device.
  const auto near = made(4096);
  EXPECT_EQ(bf::quote(near).device, "far:4");
  EXPECT_EQ(bf::run(near).plan.device, "far:4");
  EXPECT_EQ(near.host()[0], -7.0f);

  // A result that is dear to bring home decides for all three, though `run` alone would not pay for it.
  far.profile->links[1].segments[0].seconds = 0.1;
  const auto dear = made(4097);
  EXPECT_EQ(bf::quote(dear).device, "cpu");
  EXPECT_EQ(bf::run(dear).plan.device, "cpu");
  const auto read = made(4098);
  EXPECT_EQ(read.host()[0], -7.0f);
  EXPECT_EQ(bf::quote(made(4098)).device, "cpu");
}

TEST(fare_price, idle_workers_leave_shared_cores_to_the_device_at_work) {
  const auto how = std::make_shared<far_device::behaviour>();
  auto& pool = bf::pool::thread_pool::shared();
  bool seen = true;
  how->at_run = [&] { seen = pool.spinning_allowed(); };
  bf::core::device_slot& slot = far_device::add("far:5", "opencl-cpu", how);
  const auto run_on = [](const char* name) {
    return bf::run(bf::map(
        bf::on(name), [](auto a) { return a + 11.0f; }, zeros(8)));
  };
  ASSERT_EQ(slot.info.core_group, bf::core::device_list::shared().host().info.core_group);
  run_on("far:5");
  EXPECT_FALSE(seen);
  EXPECT_TRUE(pool.spinning_allowed());

  slot.info.core_group = -1;  // cores of its own
  run_on("far:5");
  EXPECT_TRUE(seen);

  slot.info.core_group = 0;
  how->at_run = [] { throw bf::error(bf::error_class::transient, "not now"); };
  EXPECT_THROW(run_on("far:5"), bf::error);
  EXPECT_TRUE(pool.spinning_allowed());
  how->at_run = nullptr;
}

TEST(fare_price, simulated_builds_take_time_for_operations_not_for_flops) {
  // Few operations, many flops.
  const auto looped = [](auto a) {
    return bf::fold(10000, a, [](auto s, auto) { return bf::fma(s, 0.5f, 1.0f); });
  };
  const auto y = bf::map(bf::on("sim:h200-pcie5"), looped, zeros(64));
  const bf::plan q = bf::quote(y);
  EXPECT_GT(q.steps.at(0).flops, 1e6);
  const bf::receipt r = bf::run(y);
  EXPECT_DOUBLE_EQ(r.measured.build, q.predicted.build);
  EXPECT_GT(r.measured.build, 0.05);
  EXPECT_LT(r.measured.build, 0.06);
  // Copies are handed over by the host; the kernel's own cost is the model's.
  EXPECT_DOUBLE_EQ(r.measured.overhead, 4e-6);
  EXPECT_DOUBLE_EQ(r.plan.predicted.overhead, 4e-6);
  EXPECT_NEAR(r.measured.kernel, r.plan.predicted.kernel, 2e-9);
}

}  // namespace
