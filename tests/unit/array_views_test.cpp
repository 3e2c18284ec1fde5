// Reshapes and slices on the host's side: versions, fusing, and what recording says of views that cannot be.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;

struct twice {
  auto operator()(auto x) const { return x + x; }
};
struct place {
  auto operator()(auto i, auto j) const { return bf::cast<float>(i * 10 + j); }
};
const bf::options on_cpu{.device = "cpu"};

bf::array<float> grid(std::size_t h, std::size_t w) {
  return bf::copy_of(std::vector<float>(h * w, 1), bf::extents(h, w));
}

template <class F> void expect_refused(F f, const char* part) {
  try {
    f();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), bf::error_class::invalid_argument);
    const std::string text = e.what();
    EXPECT_NE(text.find("array_views_test.cpp"), std::string::npos) << text;
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_FALSE(e.where().hint.empty());
  }
}

TEST(array_views, a_reshape_shares_the_contents) {
  const auto x = grid(4, 6);
  const auto y = x.reshape(24);
  EXPECT_EQ(y.extents(), bf::extents(24));
  EXPECT_EQ(x.extents(), bf::extents(4, 6));
  EXPECT_EQ(x.host().data(), y.host().data());
}

TEST(array_views, a_write_is_not_seen_through_the_other_handle) {
  auto x = grid(4, 6);
  auto y = x.reshape({2, 12});
  y.write()[3] = 7;
  EXPECT_EQ(x.host()[3], 1);
  EXPECT_EQ(y.host()[3], 7);
  EXPECT_EQ(y.extents(), bf::extents(2, 12));
  x.write()[0] = 5;
  EXPECT_EQ(y.host()[0], 1);
}

TEST(array_views, a_sliced_array_may_be_written_afterwards) {
  auto x = grid(4, 6);
  const auto part = x.slice(on_cpu, {1, 2}, {2, 3});
  x.write()[8] = 9;  // row 1, column 2
  EXPECT_EQ(part.host()[0], 1);
  EXPECT_EQ(x.slice(on_cpu, {1, 2}, {2, 3}).host()[0], 9);
}

TEST(array_views, one_value_and_one_element) {
  const auto one = bf::value_of(3.0f);
  EXPECT_EQ(one.reshape({1, 1}).value(), 3);
  EXPECT_EQ(one.reshape({1, 1}).reshape(bf::extents()).value(), 3);
  EXPECT_EQ(bf::map(on_cpu, twice{}, one.reshape(1)).value(), 6);
  expect_refused([&] { (void)grid(1, 1).reshape(bf::extents()); }, "rank 0");
}

TEST(array_views, flat_maps_fuse_across_a_reshape_and_those_with_coordinates_do_not) {
  const auto x = grid(4, 6);
  const auto flat = bf::map(on_cpu, twice{}, bf::map(on_cpu, twice{}, x).reshape(24));
  EXPECT_EQ(bf::run(flat).plan.steps.size(), 1u);
  const auto placed = bf::generate(on_cpu, bf::extents(4, 6), place{});
  const auto after = bf::map(on_cpu, twice{}, placed.reshape(24));
  EXPECT_EQ(bf::run(after).plan.steps.size(), 2u);
  EXPECT_EQ(after.host()[13], 2 * 21);
}

TEST(array_views, maps_fuse_with_the_slice_before_them) {
  const auto y = bf::map(on_cpu, twice{}, grid(4, 6).slice(on_cpu, {1, 2}, {2, 3}));
  EXPECT_EQ(bf::run(y).plan.steps.size(), 1u);
  EXPECT_EQ(y.host()[5], 2);
}

TEST(array_views, counts_that_differ) {
  expect_refused([] { (void)grid(4, 6).reshape({5, 5}); }, "reshape to 5 x 5 got an array of 4 x 6");
  expect_refused([] { (void)grid(4, 6).reshape(0); }, "reshape to 0 got");
  expect_refused([] { bf::map([](auto a, auto b) { return a + b; }, grid(4, 6), grid(4, 6).reshape(24)); },
                 "24");
}

TEST(array_views, slices_that_do_not_fit) {
  const auto x = grid(4, 6);
  expect_refused(
      [&] {
        (void)x.slice({1, 2}, {2, 5});
      },
      "along axis 1 wants 5 elements from index 2 on, of 6");
  expect_refused([&] { (void)x.slice({5, 0}, {0, 6}); }, "along axis 0");
  expect_refused([&] { (void)x.slice({~std::size_t{0}, 0}, {2, 6}); }, "along axis 0");
  expect_refused([&] { (void)x.slice(3, 4); }, "a start of rank 1 and a size of rank 1");
  expect_refused([] { (void)bf::value_of(1.0f).slice(bf::extents(), bf::extents()); }, "rank 0");
}

}  // namespace
