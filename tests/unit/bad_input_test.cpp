// Mistakes of the caller: a clear error of the right class with the cure and the line, and a runtime that
// goes on.
#include <cmath>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;
using bf::error_class;

struct add {
  auto operator()(auto x, auto y) const { return x + y; }
};
struct keep {
  auto operator()(auto x) const { return +x; }
};

std::optional<bf::error> thrown_by(const std::function<void()>& f) {
  try {
    f();
  } catch (const bf::error& e) {
    return e;
  }
  return std::nullopt;
}

/// The error's class and a part of its text; and afterwards the runtime works.
void expect_error(error_class kind, const std::string& part, const std::function<void()>& f) {
  const std::optional<bf::error> e = thrown_by(f);
  ASSERT_TRUE(e.has_value()) << "nothing was thrown; wanted: " << part;
  EXPECT_EQ(e->kind(), kind) << e->what();
  EXPECT_NE(std::string(e->what()).find(part), std::string::npos) << e->what();
  const auto y = bf::map(bf::on("cpu"), add{}, bf::copy_of(std::vector<float>{1, 2}), 1.0f);
  EXPECT_EQ(y.host()[1], 3.0f) << "after: " << e->what();
}

TEST(bad_input, mismatched_extents_name_both_and_the_line) {
  const bf::array<float> a = bf::copy_of(std::vector<float>(3)), b = bf::copy_of(std::vector<float>(4));
  unsigned line = 0;
  const auto record = [&] {
    line = __LINE__ + 1;
    bf::map(add{}, a, b);
  };
  expect_error(error_class::invalid_argument, "3", record);
  expect_error(error_class::invalid_argument, "4", record);
  const auto e = thrown_by(record);
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e->where().line.line, line);
  EXPECT_NE(std::string(e->where().line.file).find("bad_input_test.cpp"), std::string::npos);
}

TEST(bad_input, equal_counts_of_different_shape_do_not_mix) {
  const auto a = bf::copy_of(std::vector<float>(12), bf::extents(3, 4)),
             b = bf::copy_of(std::vector<float>(12), bf::extents(4, 3));
  expect_error(error_class::invalid_argument, "", [&] { bf::map(add{}, a, b); });
}

TEST(bad_input, unknown_devices_name_what_exists) {
  const auto x = bf::copy_of(std::vector<float>(5));
  for (const char* name : {"cuda:0", "gpu", "opencl:99", "sim:", "sim:no-such", "CPU", "cpu ", "\n"}) {
    expect_error(error_class::unavailable, "cpu", [&] { (void)bf::map(bf::on(name), keep{}, x).host(); });
    const auto e = thrown_by([&] { (void)bf::map(bf::on(name), keep{}, x).host(); });
    ASSERT_TRUE(e.has_value()) << name << " fell back";
    EXPECT_NE(std::string(e->what()).find(bf::printable(name)), std::string::npos) << e->what();
  }
}

// A thread remembers the device that it asked for last, and a new one has none to remember.
TEST(bad_input, an_empty_name_is_refused_where_it_is_recorded) {
  const auto x = bf::copy_of(std::vector<float>(5));
  std::optional<bf::error> e;
  std::thread([&] { e = thrown_by([&] { (void)bf::map(bf::on(""), keep{}, x); }); }).join();
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e->kind(), error_class::unavailable);
}

TEST(bad_input, unknown_default_device_changes_nothing) {
  const bf::options before = bf::default_options();
  expect_error(error_class::unavailable, "nowhere", [] { bf::set_default_options(bf::on("nowhere")); });
  EXPECT_EQ(bf::default_options(), before);
  expect_error(error_class::unavailable, "nowhere", [] { (void)bf::profile_of("nowhere"); });
}

TEST(bad_input, empty_arrays_work) {
  const bf::array<float> nothing;
  EXPECT_EQ(nothing.size(), 0u);
  EXPECT_TRUE(nothing.host().empty());
  const auto y = bf::map(bf::on("cpu"), keep{}, nothing);
  EXPECT_EQ(y.size(), 0u);
  EXPECT_TRUE(y.host().empty());
  EXPECT_EQ(bf::generate(bf::extents(0, 7), [](auto i, auto k) { return i + k; }).host().size(), 0u);
  EXPECT_EQ(bf::sum(y).value(), 0.0f);
  EXPECT_FALSE(std::signbit(bf::sum(y).value()));
  EXPECT_EQ(bf::reduce(bf::times, y).value(), 1.0f);
  EXPECT_NO_THROW(bf::run(y, nothing));
  EXPECT_NO_THROW((void)bf::quote(y));
  std::vector<float> out;
  y.into(out);
}

TEST(bad_input, extremes_of_nothing_are_errors) {
  const bf::array<float> nothing;
  expect_error(error_class::invalid_argument, "", [&] { (void)bf::reduce(bf::minimum, nothing).value(); });
  expect_error(error_class::invalid_argument, "", [&] { (void)bf::reduce(bf::maximum, nothing).value(); });
  expect_error(error_class::invalid_argument, "", [&] { (void)bf::argmin(nothing).value(); });
  expect_error(error_class::invalid_argument, "", [&] { (void)bf::argmax(nothing).value(); });
}

struct two_sums {
  static constexpr const char* name = "two sums";
  auto operator()(auto a, auto b, auto c, auto d) const { return std::make_tuple(a + c, b + d); }
};

TEST(bad_input, a_reduction_without_a_value_for_nothing_names_its_line) {
  const bf::array<float> nothing;
  unsigned line = 0;
  const auto record = [&] {
    line = __LINE__ + 1;
    bf::reduce(two_sums{}, nothing, nothing);
  };
  expect_error(error_class::invalid_argument, "two sums of an empty array has no value", record);
  const auto e = thrown_by(record);
  ASSERT_TRUE(e.has_value());
  EXPECT_EQ(e->where().line.line, line);
}

TEST(bad_input, arrays_of_one_reduction_have_equal_extents) {
  const bf::array<float> a = bf::copy_of(std::vector<float>(3)), one = bf::sum(a);
  const bf::array<std::uint8_t> b = bf::copy_of(std::vector<std::uint8_t>(4));
  expect_error(error_class::invalid_argument, "array 2 holds 4, the first 3",
               [&] { bf::reduce(two_sums{}, a, b); });
  expect_error(error_class::invalid_argument, "array 2 holds one value",
               [&] { bf::reduce(two_sums{}, a, one); });
}

TEST(bad_input, overflowing_sizes) {
  constexpr std::size_t huge = std::numeric_limits<std::size_t>::max();
  for (const bf::extents& e : {bf::extents(huge), bf::extents(std::size_t{1} << 32, std::size_t{1} << 32),
                               bf::extents(huge, huge, huge), bf::extents(std::size_t{1} << 61)}) {
    expect_error(error_class::invalid_argument, "2^63 - 1", [&] {
      const auto g =
          e.rank() == 1 ? bf::generate(e, [](auto i) { return bf::cast<double>(i); })
          : e.rank() == 2
              ? bf::generate(e, [](auto i, auto k) { return bf::cast<double>(i + k); })
              : bf::generate(e, [](auto i, auto k, auto j) { return bf::cast<double>(i + k + j); });
      (void)g.host();
    });
  }
  expect_error(error_class::invalid_argument, "",
               [] { bf::copy_of(std::vector<float>(3), bf::extents(huge)); });
}

TEST(bad_input, more_than_the_machine_has_is_out_of_memory) {
  expect_error(error_class::out_of_memory, "", [] {
    (void)bf::generate(bf::on("cpu"), bf::extents(std::size_t{1} << 50), [](auto i) {
      return bf::cast<float>(i);
    }).host();
  });
}

TEST(bad_input, sizes_that_do_not_fit) {
  expect_error(error_class::invalid_argument, "the data 5",
               [] { bf::copy_of(std::vector<float>(5), bf::extents(2, 3)); });
  const auto x = bf::copy_of(std::vector<float>(5));
  std::vector<float> small(4);
  expect_error(error_class::invalid_argument, "room for 4", [&] { x.into(small); });
  expect_error(error_class::invalid_argument, "has 5", [&] { (void)x.value(); });
}

TEST(bad_input, wrong_rank_of_generate) {
  expect_error(error_class::invalid_argument, "takes 2 indices",
               [] { bf::generate(bf::extents(5), [](auto i, auto k) { return i + k; }); });
}

TEST(bad_input, an_algorithm_inside_a_kernel) {
  expect_error(error_class::invalid_argument, "inside a kernel", [] {
    bf::map(
        [](auto v) {
          (void)bf::generate(bf::extents(3), [](auto i) { return i; });
          return v;
        },
        bf::copy_of(std::vector<float>(3)));
  });
}

// Laziness is bounded in bytes, so recording this runs it, and says where it was recorded.
TEST(bad_input, a_run_that_recording_forced_throws_there) {
  expect_error(error_class::out_of_memory, "bad_input_test.cpp", [] {
    bf::generate(bf::on("cpu"), bf::extents(std::size_t{1} << 50), [](auto i) { return bf::cast<float>(i); });
  });
}

}  // namespace
