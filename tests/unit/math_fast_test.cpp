// math::fast on its way from a node to a kernel: fusion, plans, notes, placement, and what a device is asked
// for.
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "support/far_device.hpp"

namespace {

namespace bf = busfare;

struct risen {
  auto operator()(auto v) const { return bf::exp(v) + bf::log(v) + bf::normal_cdf(v); }
};
struct scaled {
  auto operator()(auto v) const { return v * 3.0f + 1.0f; }
};
struct counted {
  auto operator()(auto v) const { return v * 3 + 1; }
};

bf::options fast_on(const std::string& device) {
  bf::options how = bf::on(device);
  how.math = bf::math::fast;
  return how;
}

int notes_of_fast(const bf::plan& p) {
  return static_cast<int>(
      std::count(p.notes.begin(), p.notes.end(), "bits: may differ between devices (math::fast)"));
}

bf::array<float> some() { return bf::copy_of(std::vector<float>(5000, 0.75f)); }

TEST(math_fast, kernels_that_math_kept_apart_are_counted) {
  const auto chain = [](const bf::options& first, const bf::options& second) {
    return bf::map(second, scaled{},
                   bf::map(
                       first, [](auto v) { return v + 0.25f; }, some()));
  };
  const bf::statistics before = bf::stats();
  bf::run(chain(fast_on("cpu"), fast_on("cpu")));
  EXPECT_EQ(bf::stats().cut_by_math, before.cut_by_math);
  bf::run(chain(fast_on("cpu"), bf::on("cpu")));
  const bf::statistics after = bf::stats();
  EXPECT_EQ(after.cut_by_math, before.cut_by_math + 1);
  EXPECT_EQ(
      after.cut_by_operations + after.cut_by_inputs + after.cut_by_outputs + after.cut_by_arguments,
      before.cut_by_operations + before.cut_by_inputs + before.cut_by_outputs + before.cut_by_arguments);
}

TEST(math_fast, nodes_of_different_math_do_not_fuse) {
  const auto first = [](auto v) { return v + 0.5f; };
  for (const bool a : {false, true}) {
    for (const bool b : {false, true}) {
      const bf::options how[2] = {bf::on("cpu"), fast_on("cpu")};
      const auto x = bf::map(how[a ? 1 : 0], first, some());
      const bf::plan maps = bf::quote(bf::map(how[b ? 1 : 0], scaled{}, x));
      const bf::plan fold = bf::quote(bf::sum(how[b ? 1 : 0], x));
      for (const bf::plan& p : {maps, fold}) {
        ASSERT_EQ(p.steps.size(), a == b ? 1u : 2u) << p;
        EXPECT_EQ(p.steps.front().cut, "");
        EXPECT_EQ(p.steps.back().cut, a == b ? "" : "math: exact and fast do not fuse");
        EXPECT_EQ(notes_of_fast(p), a || b ? 1 : 0) << p;
      }
    }
  }
}

TEST(math_fast, a_plan_is_not_reused_for_the_other_math) {
  const auto x = some();
  EXPECT_EQ(notes_of_fast(bf::quote(bf::map(bf::on("cpu"), risen{}, x))), 0);
  EXPECT_EQ(notes_of_fast(bf::quote(bf::map(fast_on("cpu"), risen{}, x))), 1);
  EXPECT_EQ(notes_of_fast(bf::quote(bf::map(bf::on("cpu"), risen{}, x))), 0);
  EXPECT_EQ(notes_of_fast(bf::run(bf::map(fast_on("cpu"), risen{}, x)).plan), 1);
}

TEST(math_fast, integers_are_the_same_in_both) {
  const auto x = bf::copy_of(std::vector<int>(100, 7));
  EXPECT_EQ(notes_of_fast(bf::quote(bf::map(fast_on("cpu"), counted{}, x))), 0);
}

TEST(math_fast, the_cpu_gives_the_bits_of_exact) {
  std::vector<float> v(4099);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i) * 0.013f - 9.0f;
  const auto x = bf::copy_of(v);
  const auto exact = bf::map(bf::on("cpu"), risen{}, x), fast = bf::map(fast_on("cpu"), risen{}, x);
  for (std::size_t i = 0; i < v.size(); ++i) {
    const float a = exact.host()[i], b = fast.host()[i];
    ASSERT_TRUE(a == b || (a != a && b != b)) << v[i];
  }
}

// What a device that compiles text is asked to build.
struct asked {
  std::string source;
  bool fast;
};
std::vector<asked> builds_on(const std::string& name, bool fast_spellings) {
  static std::vector<asked> seen;
  seen.clear();
  const auto how = std::make_shared<far_device::behaviour>();
  how->describe = [&](busfare::backend::device_info& i) { i.fast_spellings = fast_spellings; };
  how->at_build = [](const busfare::backend::build_request& r) {
    seen.push_back({std::string(r.source), r.fast});
  };
  far_device::add(name, "opencl-gpu", how);
  how->describe = nullptr;
  const auto x = some();
  for (const bf::options& o : {bf::on(name), fast_on(name)}) {
    bf::warm(bf::map(o, risen{}, x));
    bf::warm(bf::map(o, scaled{}, x));
    bf::warm(bf::sum(o, bf::map(o, scaled{}, x)));  // and the kernel of further levels
  }
  return seen;
}
bool has(const std::string& text, const char* what) { return text.find(what) != std::string::npos; }

TEST(math_fast, another_kernel_with_the_compilers_own_functions) {
  const std::vector<asked> b = builds_on("far:native", true);
  ASSERT_EQ(b.size(), 8u);
  for (int k = 0; k < 4; ++k) {
    EXPECT_FALSE(b[k].fast) << k;
    EXPECT_TRUE(has(b[k].source, "FP_CONTRACT OFF")) << b[k].source;
    EXPECT_TRUE(b[4 + k].fast) << k;
    EXPECT_TRUE(has(b[4 + k].source, "FP_CONTRACT ON")) << b[4 + k].source;
  }
  EXPECT_TRUE(has(b[0].source, " = bf_exp_f32(v"));
  for (const char* call : {" = exp(v", " = log(v", " = bf_fast_normal_cdf_f32(v", "erfc(y)"})
    EXPECT_TRUE(has(b[4].source, call)) << call << b[4].source;
  EXPECT_FALSE(has(b[4].source, "bf_exp_f32"));
}

// Definitions keep the arithmetic that their bounds rest on, so their kernels stay those of exact.
TEST(math_fast, the_definitions_where_a_device_prefers_them) {
  const std::vector<asked> b = builds_on("far:defined", false);
  ASSERT_EQ(b.size(), 8u);
  EXPECT_FALSE(b[4].fast);
  EXPECT_EQ(b[4].source, b[0].source);
  for (int k = 5; k < 8; ++k) {
    EXPECT_TRUE(b[k].fast) << k;
    EXPECT_TRUE(has(b[k].source, "FP_CONTRACT ON")) << b[k].source;
  }
}

TEST(math_fast, may_run_where_division_is_not_exact) {
  const auto how = std::make_shared<far_device::behaviour>();
  how->describe = [](busfare::backend::device_info& i) { i.exact_div_sqrt = false; };
  far_device::add("far:inexact", "host", how);
  const auto third = [](auto v) { return v / 3.0f; };
  EXPECT_THROW(bf::quote(bf::map(bf::on("far:inexact"), third, some())), bf::error);
  EXPECT_EQ(notes_of_fast(bf::quote(bf::map(fast_on("far:inexact"), third, some()))), 1);
  bf::options device = bf::on("far:inexact");
  device.bits = bf::bits::device;
  const bf::plan p = bf::quote(bf::map(device, third, some()));
  ASSERT_EQ(p.notes.size(), 1u) << p;
  EXPECT_EQ(
      p.notes.front(),
      "bits: those of far:inexact (bits::device): its division and square root are not correctly rounded");
}

}  // namespace
