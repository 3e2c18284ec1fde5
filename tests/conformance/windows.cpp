// Windows: every border, rank and kind of offset, against plain loops. Sums are whole numbers that floats
// hold.
#include <algorithm>
#include <array>
#include <functional>

#include "support/trial.hpp"

namespace conformance {
namespace {

enum class edge { clamp, wrap, reflect, constant };
constexpr int beyond = 7;  // what border::constant gives

// Where a border rule looks, by walking; -1: outside.
std::int64_t place(edge e, std::int64_t p, std::int64_t n) {
  if (e == edge::constant) return p < 0 || p >= n ? -1 : p;
  if (e == edge::wrap || e == edge::reflect) {
    // One image on each side; past it, its last element.
    p = std::clamp<std::int64_t>(p, -n, 2 * n - 1);
    if (e == edge::wrap) return (p + n) % n;
    while (p < 0 || p >= n) p = p < 0 ? -p - 1 : n - 1 - (p - n);
    return p;
  }
  return std::clamp<std::int64_t>(p, 0, n - 1);
}

using place3 = std::array<std::int64_t, 3>;

// The array with three axes (leading ones of length 1) and its border.
template <class T> struct field {
  std::vector<T> data;
  place3 n;
  edge e;
  [[nodiscard]] std::int64_t at(const place3& here, const place3& by) const {
    std::int64_t flat = 0;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::int64_t p = place(e, here[axis] + by[axis], n[axis]);
      if (p < 0) return beyond;
      flat = flat * n[axis] + p;
    }
    return static_cast<std::int64_t>(data[static_cast<std::size_t>(flat)]);
  }
  // `sum` of every element, which gets a function of three offsets.
  template <class R>
  std::vector<R> each(const std::function<std::int64_t(const std::function<std::int64_t(place3)>&,
                                                       std::int64_t)>& sum) const {
    std::vector<R> all;
    for (std::int64_t i = 0; i < n[0]; ++i)
      for (std::int64_t j = 0; j < n[1]; ++j)
        for (std::int64_t k = 0; k < n[2]; ++k)
          all.push_back(static_cast<R>(sum(
              [&](place3 by) {
                return at({i, j, k}, by);
              },
              static_cast<std::int64_t>(data[static_cast<std::size_t>((i * n[1] + j) * n[2] + k)]))));
    return all;
  }
};

template <class T> field<T> random_field(place3 n, edge e) {
  const auto count = static_cast<std::size_t>(n[0] * n[1] * n[2]);
  field<T> f{{}, n, e};
  for (const std::uint32_t x : busfare_test::random_values<std::uint32_t>(seed(), count))
    f.data.push_back(static_cast<T>(x % 50));
  return f;
}

struct line5 {
  auto operator()(auto w) const { return ((w(-2) * 3 + w(-1)) * 3 + w(0) + w(1)) * 3 + w(2); }
};
struct box {
  auto operator()(auto w) const {
    return ((w(-1, -1) * 2 + w(-1, 0)) * 2 + w(-1, 3)) * 2 + ((w(0, -2) * 2 + w(0, 0)) * 2 + w(0, 1)) +
           ((w(1, -1) * 3 + w(1, 0)) * 3 + w(2, 1));
  }
};
struct star {
  auto operator()(auto w) const {
    return ((w(-1, 0, 0) * 2 + w(1, 0, 0)) * 2 + w(0, -1, 0)) * 2 + w(0, 1, 0) * 3 + w(0, 0, -2) * 5 +
           w(0, 0, 1);
  }
};
// Offsets that are the same in all lanes, but no numbers; some go beyond every array here.
struct running {
  auto operator()(auto w, auto reach) const {
    return bf::fold(2 * reach + 1, w(0, 0) * 0,
                    [=](auto s, auto j) { return s * 2 % 1021 + w(j - reach, reach - j); });
  }
};
// Offsets that differ from lane to lane.
struct wandering {
  auto operator()(auto w, auto x) const {
    const auto by = bf::cast<std::int64_t>(x);
    return w(by % 4 - 2, 1 - by % 3) * 2 + w(0, by % 5 - 2);
  }
};
struct far_away {
  auto operator()(auto w, auto x) const {
    return w((bf::cast<std::int64_t>(x) - 25) * 0x0500000000000000, bf::cast<std::int64_t>(x) * 1000);
  }
};

template <class Run> void with_border(edge e, const Run& run) {
  switch (e) {
    case edge::clamp:
      return run(bf::border::clamp);
    case edge::wrap:
      return run(bf::border::wrap);
    case edge::reflect:
      return run(bf::border::reflect);
    default:
      return run(bf::border::constant(beyond));
  }
}
constexpr edge edges[] = {edge::clamp, edge::wrap, edge::reflect, edge::constant};
constexpr const char* names[] = {"clamp", "wrap", "reflect", "constant"};
std::string named(const char* what, edge e, const place3& n) {
  return std::string(what) + " " + names[static_cast<int>(e)] + " " + std::to_string(n[0]) + "x" +
         std::to_string(n[1]) + "x" + std::to_string(n[2]);
}

template <class T> void lines(trial& t) {
  using C = bf::compute_t<T>;
  for (const edge e : edges) {
    for (const std::int64_t n : {2, 3, 15, 16, 31, 64, 65, 3000}) {
      const auto f = random_field<T>({1, 1, n}, e);
      const auto want = f.template each<C>([](const auto& w, auto) {
        const auto at = [&](std::int64_t d) { return w(place3{0, 0, d}); };
        return ((at(-2) * 3 + at(-1)) * 3 + at(0) + at(1)) * 3 + at(2);
      });
      with_border(e, [&](auto border) {
        t.same(named("line", e, f.n), bf::map(t.how, line5{}, bf::window(bf::copy_of(f.data), 2, border)),
               want);
      });
    }
  }
}
BUSFARE_CASE(windows_of_rank_1) {
  lines<float>(t);
  lines<std::uint8_t>(t);
  lines<std::int64_t>(t);
}

template <class T> bf::array<T> plane(const field<T>& f) {
  return bf::copy_of(f.data, bf::extents(static_cast<std::size_t>(f.n[1]), static_cast<std::size_t>(f.n[2])));
}

BUSFARE_CASE(windows_of_rank_2) {
  for (const edge e : edges) {
    for (const auto& [h, w] : {std::pair{3, 3}, {2, 40}, {50, 3}, {7, 33}, {5, 1100}}) {
      const auto f = random_field<std::int32_t>({1, h, w}, e);
      const auto want = f.each<std::int32_t>([](const auto& at3, auto) {
        const auto at = [&](std::int64_t a, std::int64_t b) { return at3(place3{0, a, b}); };
        return ((at(-1, -1) * 2 + at(-1, 0)) * 2 + at(-1, 3)) * 2 +
               ((at(0, -2) * 2 + at(0, 0)) * 2 + at(0, 1)) + ((at(1, -1) * 3 + at(1, 0)) * 3 + at(2, 1));
      });
      with_border(e, [&](auto border) {
        t.same(named("box", e, f.n), bf::map(t.how, box{}, bf::window(plane(f), {2, 3}, border)), want);
      });
    }
  }
}

BUSFARE_CASE(windows_of_rank_3) {
  for (const edge e : edges) {
    const auto f = random_field<float>({4, 5, 37}, e);
    const auto want = f.each<float>([](const auto& w, auto) {
      return ((w(place3{-1, 0, 0}) * 2 + w(place3{1, 0, 0})) * 2 + w(place3{0, -1, 0})) * 2 +
             w(place3{0, 1, 0}) * 3 + w(place3{0, 0, -2}) * 5 + w(place3{0, 0, 1});
    });
    const auto u = bf::copy_of(f.data, bf::extents(4, 5, 37));
    with_border(e, [&](auto border) {
      t.same(named("star", e, f.n), bf::map(t.how, star{}, bf::window(u, {1, 1, 2}, border)), want);
    });
  }
}

BUSFARE_CASE(windows_with_computed_offsets) {
  for (const edge e : edges) {
    const auto f = random_field<std::int32_t>({1, 6, 45}, e);
    const auto u = plane(f);
    const auto run = f.each<std::int32_t>([](const auto& w, auto) {
      std::int64_t s = 0;
      for (std::int64_t j = 0; j < 19; ++j) s = s * 2 % 1021 + w(place3{0, j - 9, 9 - j});
      return s;
    });
    const auto wander = f.each<std::int32_t>([](const auto& w, std::int64_t by) {
      return w(place3{0, by % 4 - 2, 1 - by % 3}) * 2 + w(place3{0, 0, by % 5 - 2});
    });
    const auto away = f.each<std::int32_t>([](const auto& w, std::int64_t x) {
      return w(place3{0, (x - 25) * 0x0500000000000000, x * 1000});
    });
    with_border(e, [&](auto border) {
      t.same(named("running", e, f.n), bf::map(t.how, running{}, bf::window(u, {6, 45}, border), 9), run);
      t.same(named("wandering", e, f.n), bf::map(t.how, wandering{}, bf::window(u, {2, 2}, border), u),
             wander);
      t.same(named("far away", e, f.n), bf::map(t.how, far_away{}, bf::window(u, {1, 1}, border), u), away);
    });
  }
}

// Beside indices, after maps, before a reduction, and with results that are read again through a window.
BUSFARE_CASE(windows_in_a_chain) {
  const auto f = random_field<std::int32_t>({1, 23, 70}, edge::reflect);
  const auto u = plane(f);
  const auto doubled = bf::map(
      t.how, [](auto x) { return x + x; }, u);
  const auto blurred = bf::map(
      t.how, [](auto w, auto x) { return w(0, -1) + w(0, 1) - x; },
      bf::window(doubled, {0, 1}, bf::border::reflect), u);
  const auto again = bf::generate(
      t.how, u.extents(),
      [](auto i, auto j, auto w) { return w(-1, 0) * 2 + bf::cast<std::int32_t>(i * 3 - j); },
      bf::window(blurred, {1, 0}, bf::border::wrap));
  std::vector<std::int32_t> first, want;
  std::int32_t total = 0;
  const auto at = [&](std::int64_t i, std::int64_t j) {
    return f.data[static_cast<std::size_t>(i * 70 + j)];
  };
  for (std::int64_t i = 0; i < 23; ++i)
    for (std::int64_t j = 0; j < 70; ++j)
      first.push_back(2 * at(i, std::max<std::int64_t>(j - 1, 0)) +
                      2 * at(i, std::min<std::int64_t>(j + 1, 69)) - at(i, j));
  for (std::int64_t i = 0; i < 23; ++i)
    for (std::int64_t j = 0; j < 70; ++j)
      want.push_back(first[static_cast<std::size_t>((i + 22) % 23 * 70 + j)] * 2 +
                     static_cast<std::int32_t>(i * 3 - j));
  for (const std::int32_t x : want) total += x;
  t.same("sum", bf::sum(t.how, again), total);
  t.same("again", again, want);
  t.same("map_reduce",
         bf::map_reduce(
             t.how, [](auto w) { return w(0, 1) - w(0, -1); }, bf::plus,
             bf::window(u, {0, 1}, bf::border::wrap)),
         0);
}

BUSFARE_CASE(windows_of_nothing) {
  const auto none = bf::copy_of(std::vector<float>{}, bf::extents(0, 5));
  t.same("none", bf::map(t.how, box{}, bf::window(none, {2, 3}, bf::border::wrap)), std::vector<float>{});
  const auto one = bf::copy_of(std::vector<float>{3});
  t.same("one", bf::map(t.how, line5{}, bf::window(one, 5)),
         std::vector<float>{((9 + 3) * 3 + 3 + 3) * 3 + 3});
}

}  // namespace
}  // namespace conformance
