// Hand-written kernels: what is refused, with which words; how they stand in plans; how they are shared out.
#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;
using bf::error;
using bf::error_class;
using part = bf::native_part;

const bf::options on_cpu{.device = "cpu"};

constexpr auto some_cost = [](const bf::native_job& job) noexcept {
  return bf::native_cost{static_cast<double>(job.shape.count()),
                         8.0 * static_cast<double>(job.shape.count())};
};
constexpr auto twice_on_cpu = [](const part&, std::span<const float> x, std::span<float> y) noexcept {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = 2 * x[i];
};
bf::native_source named(std::string name) {
  bf::native_source s;
  s.name = std::move(name);
  s.cost = some_cost;
  return s;
}
const bf::native_kernel twice(bf::results<float>, twice_on_cpu, named("twice"));

std::vector<float> counted(std::size_t n) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(i);
  return v;
}

void refused(error_class kind, const std::string& words, const std::function<void()>& call) {
  try {
    call();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
    EXPECT_FALSE(e.where().hint.empty()) << e.what();
    EXPECT_NE(e.where().line.line, 0u) << e.what();
    return;
  }
  ADD_FAILURE() << "nothing was thrown: " << words;
}

TEST(native_kernel, sources_that_no_device_could_take) {
  const auto make = [](const bf::native_source& s) {
    bf::native_kernel(bf::results<float>, twice_on_cpu, s);
  };
  for (const char* name : {"", "2x", "a b", "a;b", "x\n", "\xc3\xa4"})
    refused(error_class::invalid_argument, "not a C identifier", [&] { make(named(name)); });
  refused(error_class::invalid_argument, "not a C identifier", [&] { make(named(std::string(129, 'a'))); });
  bf::native_source s = named("s");
  s.cost = nullptr;
  refused(error_class::invalid_argument, "states no cost", [&] { make(s); });
  s = named("s");
  s.opencl = std::string((1 << 20) + 1, ' ');
  refused(error_class::invalid_argument, "1048577 bytes", [&] { make(s); });
  s = named("s");
  s.cuda = std::string("a\0b", 3);
  refused(error_class::invalid_argument, "zero byte", [&] { make(s); });
  s = named("s");
  s.tile = {8, 8};
  refused(error_class::invalid_argument, "its tile has rank 2, its group 0", [&] { make(s); });
  s.group = bf::extents(64);
  refused(error_class::invalid_argument, "its group 1", [&] { make(s); });
  s.group = {64, 64};
  refused(error_class::invalid_argument, "a group of 4096 work items", [&] { make(s); });
  s.group = {0, 8};
  refused(error_class::invalid_argument, "a group of 0 work items", [&] { make(s); });
  s.group = {8, 8}, s.tile = {8, 0};
  refused(error_class::invalid_argument, "a tile of 0 elements", [&] { make(s); });
}

TEST(native_kernel, calls_that_do_not_fit) {
  const auto x = bf::copy_of(counted(6));
  refused(error_class::invalid_argument, "argument 1 holds 6, the call 7",
          [&] { (void)bf::call(twice, bf::extents(7), x); });
  refused(error_class::invalid_argument, "argument 1 holds 6, the call 2 x 3",
          [&] { (void)bf::call(twice, bf::extents(2, 3), x); });
  refused(error_class::invalid_argument, "holds one value",
          [&] { (void)bf::call(twice, bf::extents(6), bf::value_of(1.0f)); });
  bf::native_source tiles = named("tiles");
  tiles.tile = tiles.group = {8, 8};
  const bf::native_kernel by_tiles(bf::results<float>, twice_on_cpu, tiles);
  refused(error_class::invalid_argument, "its tiles have rank 2", [&] { (void)bf::call(by_tiles, 6, x); });
  refused(error_class::unavailable, "nowhere:7",
          [&] { (void)bf::call(bf::on("nowhere:7"), twice, x.extents(), x); });
  constexpr std::size_t huge = std::numeric_limits<std::size_t>::max() / 2;
  EXPECT_THROW((void)bf::call(twice, bf::extents(huge, 3), x), error);

  bf::native_source wrong = named("wrong");
  wrong.cost = [](const bf::native_job&) noexcept { return bf::native_cost{-1, 0}; };
  refused(error_class::invalid_argument, "its cost is -1", [&] {
    (void)bf::call(bf::native_kernel(bf::results<float>, twice_on_cpu, wrong), x.extents(), x);
  });
  wrong.cost = [](const bf::native_job&) noexcept {
    return bf::native_cost{0, std::numeric_limits<double>::quiet_NaN()};
  };
  refused(error_class::invalid_argument, "its cost is 0", [&] {
    (void)bf::call(bf::native_kernel(bf::results<float>, twice_on_cpu, wrong), x.extents(), x);
  });
}

TEST(native_kernel, a_device_without_a_form_is_never_chosen_in_silence) {
  const auto x = bf::copy_of(counted(100));
  bf::native_source s = named("elsewhere");
  s.opencl = "none";
  const bf::native_kernel elsewhere(bf::results<float>, bf::no_cpu_form{}, s);
  refused(error_class::unavailable, "elsewhere has no form for the CPU",
          [&] { bf::run(bf::call(on_cpu, elsewhere, x.extents(), x)); });
  for (const bf::device_description& d : bf::devices()) {
    if (!d.unavailable.empty() || d.name.find("opencl:") != 0) continue;
    refused(error_class::unavailable, "twice has no text in OpenCL C",
            [&] { bf::run(bf::call(bf::on(d.name), twice, x.extents(), x)); });
  }
  bf::native_source nothing = named("nothing");
  const bf::native_kernel nowhere(bf::results<float>, bf::no_cpu_form{}, nothing);
  refused(error_class::unavailable, "nothing has no", [&] { bf::run(bf::call(nowhere, x.extents(), x)); });
  // The runtime is as usable as before.
  EXPECT_EQ(bf::call(on_cpu, twice, x.extents(), x).host()[99], 198.0f);
}

TEST(native_kernel, a_text_that_does_not_compile_brings_its_log) {
  const auto x = bf::copy_of(counted(100));
  bf::native_source s = named("broken");
  s.opencl = "__kernel void broken(__global float* y) { y[0] = no_such_thing; }";
  const bf::native_kernel broken(bf::results<float>, twice_on_cpu, s);
  bf::native_source other = named("other");
  other.opencl = "__kernel void another(__global float* y) { y[0] = 0; }";
  const bf::native_kernel misnamed(bf::results<float>, twice_on_cpu, other);
  bf::native_source few = named("few");
  few.opencl = "__kernel void few(__global float* y) { y[0] = 0; }";
  const bf::native_kernel of_few(bf::results<float>, twice_on_cpu, few);
  bool any = false;
  for (const bf::device_description& d : bf::devices()) {
    if (!d.unavailable.empty() || d.name.find("opencl:") != 0) continue;
    any = true;
    try {
      bf::run(bf::call(bf::on(d.name), broken, x.extents(), x));
      ADD_FAILURE() << "it compiled";
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::kernel_build) << e.what();
      EXPECT_NE(e.where().log.find("no_such_thing"), std::string::npos) << e.what();
      EXPECT_EQ(e.where().device, d.name);
      EXPECT_NE(e.where().line.line, 0u);
    }
    try {
      bf::run(bf::call(bf::on(d.name), misnamed, x.extents(), x));
      ADD_FAILURE() << "it has no such kernel";
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::kernel_build) << e.what();
      EXPECT_NE(std::string(e.what()).find("no kernel 'other'"), std::string::npos) << e.what();
    }
    try {
      bf::run(bf::call(bf::on(d.name), of_few, x.extents(), x));
      ADD_FAILURE() << "it takes one argument";
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::kernel_build) << e.what();
      EXPECT_NE(std::string(e.what()).find("takes 1 arguments"), std::string::npos) << e.what();
    }
  }
  if (!any) GTEST_SKIP() << "no OpenCL device";
}

struct add_one {
  auto operator()(auto x) const { return x + 1.0f; }
};

TEST(native_kernel, is_fused_with_nothing_and_says_what_it_costs) {
  const auto x = bf::copy_of(counted(1000));
  const auto y = bf::call(on_cpu, twice, x.extents(), bf::map(on_cpu, add_one{}, x));
  const auto z = bf::sum(on_cpu, bf::map(on_cpu, add_one{}, y));
  const unsigned line = __LINE__ - 2;
  const bf::plan p = bf::quote(z);
  ASSERT_EQ(p.steps.size(), 3u);
  EXPECT_EQ(p.steps[0].what, "map");
  EXPECT_EQ(p.steps[1].what, "twice");
  EXPECT_EQ(p.steps[2].what, "map+plus");
  EXPECT_EQ(p.steps[1].flops, 1000);
  EXPECT_EQ(p.steps[1].bytes, 8000);
  ASSERT_EQ(p.steps[1].lines.size(), 1u);
  EXPECT_EQ(p.steps[1].lines[0].line, line);
  EXPECT_EQ(z.value(), 1000 * 1001.0f + 1000);
}

TEST(native_kernel, check_mode_says_that_it_looks_past_it) {
  const auto x = bf::copy_of(counted(100));
  bf::set_check_mode(true);
  const bf::receipt r = bf::run(bf::call(on_cpu, twice, x.extents(), bf::map(on_cpu, add_one{}, x)));
  bf::set_check_mode(false);
  EXPECT_TRUE(r.findings.empty());
  const auto says = [](const std::string& note) {
    return note == "check mode does not look into the hand-written kernel twice";
  };
  EXPECT_EQ(std::count_if(r.plan.notes.begin(), r.plan.notes.end(), says), 1);
}

TEST(native_kernel, costs_belong_to_the_call) {
  bf::native_source s = named("costly");
  s.cost = [](const bf::native_job& job) noexcept {
    return bf::native_cost{job.numbers[0] * static_cast<double>(job.sizes[1]), job.numbers[1]};
  };
  const bf::native_kernel costly(
      bf::results<float>,
      [](const part&, std::span<const float>, std::span<const float>, double, std::int64_t,
         std::span<float> y) noexcept {
        for (float& v : y) v = 1;
      },
      s);
  const auto x = bf::copy_of(counted(10)), table = bf::copy_of(counted(3));
  for (const double per : {2.5, 100.0}) {
    const std::int64_t bytes = per > 50 ? 64000 : 640;
    const auto y = bf::call(on_cpu, costly, 10, x, bf::whole(table), per, bytes);
    const bf::plan p = bf::quote(y);
    EXPECT_DOUBLE_EQ(p.steps[0].flops, 3 * per);
    EXPECT_DOUBLE_EQ(p.steps[0].bytes, static_cast<double>(bytes));
    EXPECT_DOUBLE_EQ(bf::run(y).plan.steps[0].bytes, static_cast<double>(bytes));
  }
  // A little more is the same plan, with its own numbers.
  const auto y = bf::call(on_cpu, costly, 10, x, bf::whole(table), 100.5, std::int64_t{64001});
  const bf::plan p = bf::quote(y);
  EXPECT_TRUE(p.reused);
  EXPECT_DOUBLE_EQ(p.steps[0].bytes, 64001);
}

// A simulated device takes the time that the stated cost means, call by call, though it is built once.
TEST(native_kernel, simulated_devices_charge_the_stated_cost) {
  static double bytes;
  bf::native_source s = named("charged");
  s.cost = [](const bf::native_job&) noexcept { return bf::native_cost{0, bytes}; };
  const bf::native_kernel charged(bf::results<float>, twice_on_cpu, s);
  const auto x = bf::copy_of(counted(1000));
  const auto seconds = [&](double of) {
    bytes = of;
    const bf::receipt r = bf::run(bf::call(bf::on("sim:h200-pcie5"), charged, x.extents(), x));
    return r.measured.kernel;
  };
  const double small = seconds(1e9), large = seconds(3e9);
  EXPECT_GT(small, 1e-5);
  EXPECT_NEAR(large / small, 3, 0.2);
  EXPECT_LT(seconds(0), small / 10) << "a call that states nothing is not charged for another";
}

std::array<std::atomic<std::uint8_t>, 500000> visits;

const bf::native_kernel parts(
    bf::results<std::int32_t>,
    [](const part& p, std::span<std::int32_t> whole) noexcept {
      const std::uint64_t row = p.shape[2] == 1 ? p.shape[1] : p.shape[2];
      const bool right = p.first % row == 0 && p.count % row == 0 && whole.size() == p.count;
      for (std::int32_t& v : whole) v = right ? 1 : 0;
      for (std::uint64_t i = p.first; i < p.first + p.count; ++i) ++visits[i];
    },
    named("parts"));

TEST(native_kernel, parts_hold_whole_rows_and_cover_the_shape_once) {
  for (const bf::extents& e :
       {bf::extents(300, 1000), bf::extents(7, 70001), bf::extents(1, 5), bf::extents(20, 30, 501)}) {
    for (const bool in_a_job : {false, true}) {
      for (auto& v : visits) v = 0;
      const auto whole = bf::call(on_cpu, parts, e);
      if (in_a_job) (void)bf::start(whole).get();
      for (const std::int32_t v : whole.host()) ASSERT_EQ(v, 1);
      for (std::size_t i = 0; i < visits.size(); ++i) ASSERT_EQ(visits[i], i < e.count() ? 1 : 0) << i;
    }
  }
}

TEST(native_kernel, calls_without_elements_run_nothing) {
  static int called = 0;
  const bf::native_kernel counts(
      bf::results<float>, [](const part&, std::span<float>) noexcept { ++called; }, named("counts"));
  for (const bf::extents& e : {bf::extents(0), bf::extents(3, 0), bf::extents(0, 2, 2)})
    EXPECT_EQ(bf::call(on_cpu, counts, e).host().size(), 0u);
  EXPECT_EQ(called, 0);
}

TEST(native_kernel, a_result_that_nobody_holds_has_its_place_all_the_same) {
  const bf::native_kernel two(
      bf::results<float, double>,
      [](const part& p, std::span<float> a, std::span<double> b) noexcept {
        for (std::size_t i = 0; i < a.size(); ++i) {
          a[i] = static_cast<float>(p.first + i);
          b[i] = 2 * static_cast<double>(p.first + i);
        }
      },
      named("two"));
  const auto second = std::get<1>(bf::call(on_cpu, two, 100000));
  EXPECT_EQ(second.host()[99999], 199998.0);
  const auto first = std::get<0>(bf::call(on_cpu, two, 3000));
  EXPECT_EQ(bf::sum(on_cpu, first).value(), 3000 * 2999 / 2);
}

TEST(native_kernel, equal_sources_share_a_kernel_and_a_plan) {
  const auto x = bf::copy_of(counted(500));
  bf::run(bf::call(on_cpu, twice, x.extents(), x));
  const auto before = bf::stats();
  const bf::native_kernel again(bf::results<float>, twice_on_cpu, named("twice"));
  bf::run(bf::call(on_cpu, again, x.extents(), x));
  const auto after = bf::stats();
  EXPECT_EQ(after.plans_made, before.plans_made);
  EXPECT_EQ(after.plans_reused, before.plans_reused + 1);
  EXPECT_EQ(after.built, before.built);
}

}  // namespace
