// Kernels that know where they are: devices that compute several neighbours at once split rows of every
// length, and what differs at an edge is right on both sides of it.
#include <algorithm>
#include <array>
#include <functional>

#include "conformance/largest.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

using place3 = std::array<std::int64_t, 3>;

template <class R>
std::vector<R> each_place(place3 n,
                          const std::function<std::int64_t(std::int64_t, std::int64_t, std::int64_t)>& f) {
  std::vector<R> all;
  for (std::int64_t i = 0; i < n[0]; ++i)
    for (std::int64_t j = 0; j < n[1]; ++j)
      for (std::int64_t k = 0; k < n[2]; ++k) all.push_back(static_cast<R>(f(i, j, k)));
  return all;
}

// Comparisons with edges, with places amid the array, and of places with each other.
struct marks {
  auto operator()(auto i) const {
    const auto ends = bf::select(i == 0, -5, bf::select(i == 40, 7, 1));
    const auto side = bf::select(i < 19, 2, 3) * bf::select(i >= 17, 5, 11);
    return bf::cast<std::int32_t>(i * 3 % 17) + ends * side +
           bf::cast<std::int32_t>(bf::max(i - 5, 0) - bf::min(i, 33));
  }
};
std::int64_t mark(std::int64_t i) {
  const std::int64_t ends = i == 0 ? -5 : (i == 40 ? 7 : 1);
  return i * 3 % 17 + ends * (i < 19 ? 2 : 3) * (i >= 17 ? 5 : 11) + std::max<std::int64_t>(i - 5, 0) -
         std::min<std::int64_t>(i, 33);
}

BUSFARE_CASE(marks_along_a_row) {
  for (const std::int64_t n : {1, 7, 15, 16, 17, 33, 41, 200, 5000})
    t.same("row of " + std::to_string(n),
           bf::generate(t.how, bf::extents(static_cast<std::size_t>(n)), marks{}),
           each_place<std::int32_t>({1, 1, n}, [](auto, auto, auto k) { return mark(k); }));
}

BUSFARE_CASE(marks_in_planes_and_blocks) {
  for (const auto& [h, w] : {std::pair{3, 5}, {2, 16}, {4, 33}, {50, 1}, {3, 700}}) {
    const auto e = bf::extents(static_cast<std::size_t>(h), static_cast<std::size_t>(w));
    const auto both = bf::generate(t.how, e, [](auto i, auto j) {
      return marks{}(j)*3 + bf::cast<std::int32_t>(bf::select(i < j, i, j));
    });
    t.same("plane", both, each_place<std::int32_t>({1, h, w}, [](auto, auto i, auto j) {
             return mark(j) * 3 + std::min(i, j);
           }));
    // Along the slower axis: what is computed at once lies beside it.
    t.same("rows of a plane", bf::generate(t.how, e, [](auto i, auto) { return marks{}(i); }),
           each_place<std::int32_t>({1, h, w}, [](auto, auto i, auto) { return mark(i); }));
  }
  const auto e = bf::extents(3, 2, 35);
  t.same("block",
         bf::generate(
             t.how, e,
             [](auto i, auto j, auto k) { return bf::cast<std::int32_t>(i * 100 + j * 10) + marks{}(k); }),
         each_place<std::int32_t>({3, 2, 35},
                                  [](auto i, auto j, auto k) { return i * 100 + j * 10 + mark(k); }));
  t.same("middle axis of a block",
         bf::generate(t.how, e, [](auto i, auto j, auto) { return bf::cast<std::int32_t>(i * 10 - j); }),
         each_place<std::int32_t>({3, 2, 35}, [](auto i, auto j, auto) { return i * 10 - j; }));
}

// Tables that end before the row does, or after it; places in front of the first element are the first.
template <class T> void beside(trial& t) {
  const std::int64_t n = static_cast<std::int64_t>(std::min<std::size_t>(1000, largest()));
  for (const std::int64_t size : {std::int64_t{1}, std::int64_t{16}, n - 5, n, n + 9}) {
    if (size < 1) continue;
    std::vector<T> table;
    for (const std::uint32_t x :
         busfare_test::random_values<std::uint32_t>(seed(), static_cast<std::size_t>(size)))
      table.push_back(static_cast<T>(x % 50));
    const auto at = [&](std::int64_t p) {
      return static_cast<std::int64_t>(
          table[static_cast<std::size_t>(std::clamp<std::int64_t>(p, 0, size - 1))]);
    };
    const auto got = bf::generate(
        t.how, bf::extents(static_cast<std::size_t>(n)),
        [](auto i, auto x, auto by) {
          // In a loop, too: rows of a matrix that are read side by side.
          const auto sums = bf::fold(4, x[i + by] * 0, [=](auto s, auto k) { return s * 3 + x[k * 37 + i]; });
          return x[i + 3] * 2 - x[i - 2] + x[i + by] * 5 + sums;
        },
        bf::whole(bf::copy_of(table)), std::int64_t{6});
    t.same("table of " + std::to_string(size), got,
           each_place<bf::compute_t<T>>({1, 1, n}, [&](auto, auto, std::int64_t i) {
             std::int64_t s = 0;
             for (std::int64_t k = 0; k < 4; ++k) s = s * 3 + at(k * 37 + i);
             return at(i + 3) * 2 - at(i - 2) + at(i + 6) * 5 + s;
           }));
  }
}
BUSFARE_CASE(tables_beside_the_element) {
  beside<float>(t);
  beside<std::uint8_t>(t);
  beside<std::int16_t>(t);
  beside<std::int64_t>(t);
}

// Loops whose lanes end apart, in loops whose lanes end apart, with states of two widths.
struct crossing_out {
  auto operator()(auto i, auto n) const {
    const auto outer = bf::iterate(
        n, bf::state(i % 7, bf::cast<float>(i)), [](auto a, auto) { return a < 100; },
        [=](auto a, auto x) {
          const auto inner = bf::fold(a % 5, x, [](auto y, auto k) { return y * 0.5f + bf::cast<float>(k); });
          const auto same = bf::fold(3, a, [](auto b, auto k) { return b + k; });
          return bf::state(same + 4, inner + 1.0f);
        });
    return bf::cast<std::int32_t>(std::get<0>(outer)) * 1000 +
           bf::cast<std::int32_t>(std::get<1>(outer) * 8.0f);
  }
};
BUSFARE_CASE(loops_that_end_apart_in_rows) {
  for (const std::int64_t n : {1, 16, 50, 999}) {
    const auto got = bf::generate(t.how, bf::extents(static_cast<std::size_t>(n)), crossing_out{}, 9);
    t.same("crossing out", got, each_place<std::int32_t>({1, 1, n}, [](auto, auto, std::int64_t i) {
             std::int64_t a = i % 7;
             auto x = static_cast<float>(i);
             for (int trip = 0; trip < 9 && a < 100; ++trip) {
               for (std::int64_t k = 0; k < a % 5; ++k) {
                 const float half = x * 0.5f;
                 x = half + static_cast<float>(k);
               }
               x = x + 1.0f;
               a += 3 + 4;
             }
             return a * 1000 + static_cast<std::int64_t>(x * 8.0f);
           }));
  }
}

}  // namespace
}  // namespace conformance
