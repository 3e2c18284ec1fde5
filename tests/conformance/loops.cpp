// iterate and fold: lanes that end apart, nested loops, states of several types, limits per lane.
#include <limits>

#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

struct mandelbrot {
  auto operator()(auto cx, auto cy) const {
    const auto r = bf::iterate(
        100, bf::state(cx * 0.0f, cy * 0.0f, bf::cast<std::int32_t>(cx) * 0),
        [](auto x, auto y, auto) { return x * x + y * y < 4.0f; },
        [=](auto x, auto y, auto n) { return bf::state(x * x - y * y + cx, 2.0f * x * y + cy, n + 1); });
    return std::make_tuple(std::get<0>(r), std::get<2>(r));
  }
};

BUSFARE_CASE(iterate_mandelbrot) {
  std::vector<float> cx, cy, last;
  std::vector<std::int32_t> trips;
  for (int i = 0; i < 61 * 47; ++i) {
    cx.push_back(static_cast<float>(i % 61) / 20.0f - 2.2f);
    cy.push_back(static_cast<float>(i / 61) / 20.0f - 1.1f);
    float x = cx.back() * 0.0f, y = cy.back() * 0.0f;
    std::int32_t n = 0;
    for (; n < 100; ++n) {
      const float xx = x * x, yy = y * y;
      if (!(xx + yy < 4.0f)) break;
      const float difference = xx - yy, twice = 2.0f * x;
      const float product = twice * y;
      x = difference + cx.back();
      y = product + cy.back();
    }
    last.push_back(x);
    trips.push_back(n);
  }
  const auto [z, n] = bf::map(t.how, mandelbrot{}, bf::copy_of(cx), bf::copy_of(cy));
  t.same("trips", n, trips);
  t.same("last state", z, last);
}

struct limits_per_lane {
  auto operator()(auto n, auto x) const {
    const auto sum = bf::fold(n, x, [&](auto s, auto i) { return s * 0.5f + bf::cast<float>(i) * x; });
    const auto halved = bf::iterate(
        n, x, [](auto v) { return v > 1.0f; }, [](auto v) { return v * 0.5f; });
    return std::make_tuple(sum, halved);
  }
};

BUSFARE_CASE(loops_with_limits_per_lane) {
  std::vector<std::int32_t> n;
  std::vector<float> x, sums, halves;
  for (int i = 0; i < 517; ++i) {
    n.push_back(i % 23 - 3);
    x.push_back(static_cast<float>(i) * 0.37f - 9);
    float s = x.back(), h = x.back();
    for (int k = 0; k < n.back(); ++k) {
      const float a = s * 0.5f, b = static_cast<float>(k) * x.back();
      s = a + b;
    }
    for (int k = 0; k < n.back() && h > 1.0f; ++k) h *= 0.5f;
    sums.push_back(s);
    halves.push_back(h);
  }
  const auto [s, h] = bf::map(t.how, limits_per_lane{}, bf::copy_of(n), bf::copy_of(x));
  t.same("fold", s, sums);
  t.same("iterate", h, halves);
}

// Lanes that hold NaN leave a loop at once: inside another loop they neither keep it going nor change.
struct nested_with_nans {
  auto operator()(auto start) const {
    const auto r = bf::iterate(
        20, bf::state(start, bf::cast<std::int32_t>(start) * 0), [](auto v, auto) { return v < 100.0f; },
        [=](auto v, auto trips) {
          const auto inner = bf::iterate(
              30, bf::state(v, trips), [](auto w, auto) { return w * w < 50.0f; },
              [](auto w, auto n) { return bf::state(w + w * 0.5f + 1.0f, n + 1); });
          return bf::state(std::get<0>(inner) * 2.0f - start, std::get<1>(inner) + 100);
        });
    return std::make_tuple(std::get<0>(r), std::get<1>(r));
  }
};

BUSFARE_CASE(loops_with_nan_lanes) {
  std::vector<float> x, last;
  std::vector<std::int32_t> trips;
  for (int i = 0; i < 403; ++i) {
    x.push_back(i % 5 == 2 ? std::numeric_limits<float>::quiet_NaN()
                           : static_cast<float>(i % 37) * 0.75f - 4);
    float v = x.back();
    std::int32_t n = 0;
    for (int k = 0; k < 20 && v < 100.0f; ++k) {
      for (int m = 0; m < 30 && v * v < 50.0f; ++m) {
        const float half = v * 0.5f, more = v + half;
        v = more + 1.0f;
        ++n;
      }
      const float twice = v * 2.0f;
      v = twice - x.back();
      n += 100;
    }
    last.push_back(v);
    trips.push_back(n);
  }
  const auto [v, n] = bf::map(t.how, nested_with_nans{}, bf::copy_of(x));
  t.same("trips", n, trips);
  t.same("value", v, last);
}

// A loop whose condition and step hold loops; integers of two widths carried side by side.
struct nested {
  auto operator()(auto start) const {
    const auto r = bf::iterate(
        40, bf::state(start, bf::cast<std::int64_t>(0)),
        [](auto v, auto) {
          return bf::fold(3, v, [](auto w, auto i) { return w + bf::cast<std::uint32_t>(i); }) % 11 != 0;
        },
        [](auto v, auto sum) {
          const auto inner = bf::fold(v % 7, v, [](auto w, auto i) {
            return bf::iterate(
                       4, w, [](auto u) { return (u & 1) == 0; }, [](auto u) { return u / 2; }) *
                       3 +
                   bf::cast<std::uint32_t>(i);
          });
          return bf::state(inner + 1, sum + bf::cast<std::int64_t>(inner));
        });
    return std::make_tuple(std::get<0>(r), std::get<1>(r));
  }
};

BUSFARE_CASE(nested_loops) {
  std::vector<std::uint32_t> x, last;
  std::vector<std::int64_t> sums;
  for (std::uint32_t i = 0; i < 1003; ++i) {
    x.push_back(i * 2654435761u);
    std::uint32_t v = x.back();
    std::int64_t sum = 0;
    for (int k = 0; k < 40 && (v + 3) % 11 != 0; ++k) {
      std::uint32_t w = v;
      for (std::uint32_t j = 0; j < v % 7; ++j) {
        for (int m = 0; m < 4 && (w & 1) == 0; ++m) w /= 2;
        w = w * 3 + j;
      }
      v = w + 1;
      sum += w;
    }
    last.push_back(v);
    sums.push_back(sum);
  }
  const auto [v, s] = bf::map(t.how, nested{}, bf::copy_of(x));
  t.same("value", v, last);
  t.same("sum", s, sums);
}

}  // namespace
}  // namespace conformance
