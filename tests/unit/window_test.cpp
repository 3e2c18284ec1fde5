// What recording says of windows that cannot be: with the line, the axes and the cure.
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;

const auto cross = [](auto w) { return w(-1, 0) + w(0, 2); };
const auto pair_of = [](auto w) { return w(-1) + w(1); };

bf::array<float> grid(std::size_t h, std::size_t w) {
  return bf::copy_of(std::vector<float>(h * w, 1), bf::extents(h, w));
}

template <class F> std::string refusal(F f) {
  try {
    f();
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), bf::error_class::invalid_argument);
    EXPECT_NE(std::string(e.what()).find("window_test.cpp"), std::string::npos) << e.what();
    return e.what();
  }
  return "nothing was thrown";
}
void expect_in(const std::string& text, const char* part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(window, rank_and_extents_must_fit) {
  const auto u = grid(4, 5);
  expect_in(refusal([&] { bf::map(pair_of, bf::window(u, 1)); }),
            "a window of rank 1 got an array of rank 2 (4 x 5)");
  expect_in(refusal([&] { bf::map(pair_of, bf::window(bf::value_of(1.0f), 1)); }), "rank 0");
  expect_in(refusal([&] {
              bf::map([](auto w, auto x) { return w(0, 0) + x; }, bf::window(u, {0, 0}), grid(5, 4));
            }),
            "got an array of 4 x 5 elements in a map over 5 x 4");
  expect_in(refusal([&] {
              bf::map([](auto a, auto b) { return a(0, 0) + b(0, 0); }, bf::window(u, {0, 0}),
                      bf::window(grid(4, 6), {0, 0}));
            }),
            "got an array of 4 x 6 elements in a map over 4 x 5");
}

TEST(window, a_kernel_looks_no_farther_than_the_radius) {
  expect_in(refusal([&] {
              bf::map(cross, bf::window(grid(4, 5), {1, 1}));
            }),
            "is looked through 2 elements away along axis 1, its radius there is 1");
  expect_in(refusal([&] { bf::map(cross, bf::window(grid(4, 5), {-1, 2})); }), "got radius -1 along axis 0");
  EXPECT_EQ(bf::map(cross, bf::window(grid(4, 5), {1, 2})).host()[0], 2);
}

TEST(window, images_need_an_array_as_wide_as_the_radius) {
  const auto u = grid(4, 5);
  const std::string text = refusal([&] { bf::map(cross, bf::window(u, {1, 6}, bf::border::wrap)); });
  expect_in(text, "has radius 6 along axis 1, where the array has 5 elements");
  expect_in(text, "clamp and constant do not");
  expect_in(refusal([&] { bf::map(cross, bf::window(u, {5, 2}, bf::border::reflect)); }), "along axis 0");
  EXPECT_EQ(bf::map(cross, bf::window(u, {9, 9})).host()[19], 2);
  EXPECT_EQ(bf::map(cross, bf::window(u, {9, 9}, bf::border::constant(40))).host()[0], 41);
}

TEST(window, a_constant_border_converts_as_a_cast_does) {
  const auto bytes = bf::copy_of(std::vector<std::uint8_t>{1, 2});
  const auto left = [](auto w) { return w(-1); };
  EXPECT_EQ(bf::map(left, bf::window(bytes, 1, bf::border::constant(-3.9))).host()[0], -3);
  EXPECT_EQ(bf::map(left, bf::window(bytes, 1, bf::border::constant(1e30))).host()[0], INT32_MAX);
}

TEST(window, the_runtime_is_usable_after_a_refusal) {
  const auto u = grid(3, 3);
  refusal([&] { bf::map(cross, bf::window(u, {0, 0})); });
  EXPECT_EQ(bf::sum(bf::map(cross, bf::window(u, {1, 2}))).value(), 18);
}

}  // namespace
