// generate of rank 1 to 3 with odd extents, chains of maps, and every ragged size.
#include <initializer_list>

#include "conformance/largest.hpp"
#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

BUSFARE_CASE(generate_rank_1_to_3) {
  for (std::size_t n : {1, 3, 17, 1000, 4099}) {
    std::vector<std::int64_t> want;
    for (std::size_t i = 0; i < n; ++i) want.push_back(static_cast<std::int64_t>(i * i) - 5);
    t.same("rank 1", bf::generate(t.how, bf::extents(n), [](auto i) { return i * i - 5; }), want);
  }
  for (const auto& [h, w] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {7, 1}, {1, 9}, {13, 29}, {33, 65}, {3, 2000}}) {
    std::vector<std::int64_t> want;
    for (std::size_t y = 0; y < h; ++y)
      for (std::size_t x = 0; x < w; ++x) want.push_back(static_cast<std::int64_t>(y * 100000 + x * 3));
    t.same("rank 2",
           bf::generate(t.how, bf::extents(h, w), [](auto y, auto x) { return y * 100000 + x * 3; }), want);
  }
  for (const auto& [d, h, w] :
       {std::tuple<std::size_t, std::size_t, std::size_t>{1, 1, 1}, {2, 3, 5}, {5, 1, 7}, {9, 11, 33}}) {
    std::vector<float> want;
    for (std::size_t z = 0; z < d; ++z)
      for (std::size_t y = 0; y < h; ++y)
        for (std::size_t x = 0; x < w; ++x)
          want.push_back(static_cast<float>(z * 10000 + y * 100 + x) * 0.5f);
    t.same("rank 3",
           bf::generate(
               t.how, bf::extents(d, h, w),
               [](auto z, auto y, auto x, auto s) { return bf::cast<float>(z * 10000 + y * 100 + x) * s; },
               0.5f),
           want);
  }
}

BUSFARE_CASE(maps_keep_their_shape) {
  const auto x =
      bf::generate(t.how, bf::extents(7, 11), [](auto y, auto k) { return bf::cast<std::int32_t>(y - k); });
  const auto y = bf::map(
      t.how, [](auto v) { return v * v; }, x);
  t.check("extents", y.extents() == bf::extents(7, 11));
  std::vector<std::int32_t> want;
  for (int i = 0; i < 7; ++i)
    for (int k = 0; k < 11; ++k) want.push_back((i - k) * (i - k));
  t.same("square", y, want);
}

struct first_link {
  auto operator()(auto x) const { return x * 1.1f + 0.3f; }
};
struct second_link {
  auto operator()(auto x, auto y) const { return bf::sqrt(bf::abs(x)) - y; }
};
struct third_link {
  auto operator()(auto x) const { return std::make_tuple(bf::exp(x * 0.01f), bf::cast<std::int32_t>(x)); }
};

BUSFARE_CASE(chains_against_single_steps) {
  for (std::size_t n : {1, 2, 63, 64, 65, 1023, 1024, 1025, 5000, 40001}) {
    if (n > largest()) continue;
    const auto x = bf::copy_of(busfare_test::random_values<float>(seed() + n, n));
    const auto chain = [&](bool step_by_step) {
      const auto a = bf::map(t.how, first_link{}, x);
      if (step_by_step) bf::run(a);
      const auto b = bf::map(t.how, second_link{}, a, x);
      if (step_by_step) bf::run(b);
      return bf::map(t.how, third_link{}, b);
    };
    const auto fused = chain(false), single = chain(true);
    std::vector<float> want;
    std::vector<std::int32_t> truncated;
    const auto in = x.host();
    for (float v : in) {
      const auto b = second_link{}(first_link{}(bf::scalar<float>{v}), bf::scalar<float>{v});
      const auto c = third_link{}(b);
      want.push_back(std::get<0>(c).v);
      truncated.push_back(std::get<1>(c).v);
    }
    t.same("fused", std::get<0>(fused), want);
    t.same("fused, second result", std::get<1>(fused), truncated);
    t.same("one by one", std::get<0>(single), want);
    t.same("one by one, second result", std::get<1>(single), truncated);
  }
}

BUSFARE_CASE(intermediates_that_are_wanted_too) {
  const auto x = bf::copy_of(busfare_test::random_values<float>(seed(), 3001));
  const auto a = bf::map(t.how, first_link{}, x);
  const auto b = bf::map(t.how, second_link{}, a, x);
  std::vector<float> first, second;
  for (float v : x.host()) {
    first.push_back(first_link{}(bf::scalar<float>{v}).v);
    second.push_back(second_link{}(bf::scalar<float>{first.back()}, bf::scalar<float>{v}).v);
  }
  bf::run(a, b);
  t.same("the last", b, second);
  t.same("the intermediate", a, first);
}

}  // namespace
}  // namespace conformance
