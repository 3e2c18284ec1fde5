// Reshapes and slices: the elements, in order, whatever fused across them.
#include "support/trial.hpp"

namespace conformance {
namespace {

template <class T> std::vector<T> counted(std::size_t n) {
  std::vector<T> all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(static_cast<T>(i * 37 + 11));
  return all;
}

struct twice {
  auto operator()(auto x) const { return x + x; }
};

BUSFARE_CASE(reshape_of_what_is_there) {
  const auto data = counted<std::int32_t>(5 * 41);
  const auto x = bf::copy_of(data, bf::extents(5, 41));
  t.same("flat", x.reshape(205), data);
  std::vector<std::int32_t> want;
  for (const std::int32_t v : data) want.push_back(2 * v);
  const auto y = bf::map(t.how, twice{}, x.reshape({41, 1, 5}));
  t.check("extents", y.extents() == bf::extents(41, 1, 5));
  t.same("map", y, want);
  t.same("back", bf::map(t.how, twice{}, y.reshape(x.extents())), [&] {
    auto four = want;
    for (auto& v : four) v *= 2;
    return four;
  }());
  std::int32_t total = 0;
  for (const std::int32_t v : data) total += v;
  t.same("sum", bf::sum(t.how, x.reshape(205)), total);
}

// Flat maps fuse across a reshape; those with coordinates must not mix theirs up.
BUSFARE_CASE(reshape_between_maps) {
  const auto x = bf::generate(t.how, bf::extents(6, 20),
                              [](auto i, auto j) { return bf::cast<std::int32_t>(i * 100 + j); });
  const auto flat = bf::map(t.how, twice{}, x.reshape(120));
  const auto numbered = bf::generate(
      t.how, bf::extents(120), [](auto i, auto all) { return all[i] + bf::cast<std::int32_t>(i) * 1000; },
      bf::whole(flat));
  const auto beside = bf::map(
      t.how, [](auto a, auto b) { return a * 3 + b; }, numbered.reshape({10, 12}), flat.reshape({10, 12}));
  const auto plane = bf::map(
      t.how, [](auto w, auto a) { return w(0, 1) - a; }, bf::window(beside, {0, 1}, bf::border::wrap),
      flat.reshape({10, 12}));
  std::vector<std::int32_t> flat_want, beside_want, plane_want;
  for (std::int32_t i = 0; i < 6; ++i)
    for (std::int32_t j = 0; j < 20; ++j) flat_want.push_back(2 * (i * 100 + j));
  for (std::int32_t i = 0; i < 120; ++i) {
    const std::int32_t f = flat_want[static_cast<std::size_t>(i)];
    beside_want.push_back((f + i * 1000) * 3 + f);
  }
  for (std::size_t i = 0; i < 120; ++i)
    plane_want.push_back(beside_want[i / 12 * 12 + (i + 1) % 12] - flat_want[i]);
  t.same("plane", plane, plane_want);
  t.same("beside", beside, beside_want);
}

struct place {
  auto operator()(auto i, auto j) const { return bf::cast<std::int32_t>(i * 10 + j); }
};
struct add {
  auto operator()(auto a, auto b) const { return a * 100 + b; }
};

// Two planes of other extents and a line, all fused with what one flat map makes.
BUSFARE_CASE(reshape_beside_coordinates) {
  const auto x = bf::copy_of(counted<std::int32_t>(24));
  const auto base = bf::map(t.how, twice{}, x);
  const auto a = bf::map(t.how, add{}, base.reshape({4, 6}), bf::generate(t.how, bf::extents(4, 6), place{}));
  const auto b = bf::map(t.how, add{}, base.reshape({3, 8}), bf::generate(t.how, bf::extents(3, 8), place{}));
  const auto c = bf::map(t.how, add{}, a.reshape(24), b.reshape(24));
  std::vector<std::int32_t> want;
  for (std::int32_t k = 0; k < 24; ++k) {
    const std::int32_t v = 2 * (k * 37 + 11);
    want.push_back((v * 100 + k / 6 * 10 + k % 6) * 100 + v * 100 + k / 8 * 10 + k % 8);
  }
  t.same("all three", c, want);
}

template <class T> void slices(trial& t, const char* type) {
  const auto data = counted<T>(7 * 9 * 11);
  const auto of = [&](const bf::extents& shape) { return bf::copy_of(data, shape); };
  const auto named = [&](const char* what) { return std::string(what) + " of " + type; };
  const auto part = [&](std::size_t first, std::size_t n) {
    return std::vector<T>(data.begin() + static_cast<std::ptrdiff_t>(first),
                          data.begin() + static_cast<std::ptrdiff_t>(first + n));
  };
  t.same(named("line"), of(693).slice(t.how, 100, 333), part(100, 333));
  t.same(named("all"), of(693).slice(t.how, 0, 693), data);
  t.same(named("nothing"), of(693).slice(t.how, 693, 0), std::vector<T>{});
  t.same(named("rows"), of({21, 33}).slice(t.how, {4, 0}, {6, 33}), part(4 * 33, 6 * 33));
  std::vector<T> box;
  for (std::size_t i = 2; i < 5; ++i)
    for (std::size_t j = 1; j < 8; ++j)
      for (std::size_t k = 3; k < 11; ++k) box.push_back(data[(i * 9 + j) * 11 + k]);
  const auto got = of({7, 9, 11}).slice(t.how, {2, 1, 3}, {3, 7, 8});
  t.check("extents", got.extents() == bf::extents(3, 7, 8));
  t.same(named("box"), got, box);
}
BUSFARE_CASE(slices_of_rank_1_to_3) {
  slices<float>(t, "f32");
  slices<std::uint8_t>(t, "u8");
  slices<std::int64_t>(t, "i64");
}

// A slice of what is not computed yet, in the middle of a chain.
BUSFARE_CASE(slices_in_a_chain) {
  const auto x = bf::map(t.how, twice{}, bf::copy_of(counted<std::int32_t>(200), bf::extents(10, 20)));
  const auto y = bf::map(t.how, twice{}, x.slice(t.how, {3, 5}, {4, 10}));
  std::vector<std::int32_t> want;
  for (std::int32_t i = 3; i < 7; ++i)
    for (std::int32_t j = 5; j < 15; ++j) want.push_back(4 * ((i * 20 + j) * 37 + 11));
  t.same("chain", y, want);
  t.same("sum", bf::sum(t.how, y.reshape(40)), [&] {
    std::int32_t total = 0;
    for (const std::int32_t v : want) total += v;
    return total;
  }());
}

}  // namespace
}  // namespace conformance
