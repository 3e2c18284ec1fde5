// f16: what kernels see of it, and that casts to it round once, against the compiler's own _Float16.
#include "support/halves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <type_traits>

#include "largest.hpp"
#include "support/trial.hpp"

#if BUSFARE_HAS_F16
namespace conformance {
namespace {

using half = _Float16;

// At most what this run may take, from all parts.
template <class T> std::vector<T> thinned(const std::vector<T>& x, std::size_t most) {
  const std::size_t step = x.size() / std::min(most, largest()) + 1;
  std::vector<T> some;
  for (std::size_t i = 0; i < x.size(); i += step) some.push_back(x[i]);
  return some;
}
// NaN is the one that casts give.
template <class T> half right(T x) {
  const half h = static_cast<half>(x);
  return h != h ? busfare_test::half_of_bits(0x7e00) : h;
}
half most(float sign) { return static_cast<half>(std::copysign(65504.0f, sign)); }

struct seen {
  auto operator()(auto x) const { return +x; }
};
struct look {
  auto operator()(auto i, auto table) const { return table[i]; }
};
BUSFARE_CASE(halves_load) {
  const std::vector<half> x = thinned(busfare_test::all_halves(), 65536);
  std::vector<float> want;
  std::vector<std::int32_t> index;
  for (const half each : x) {
    want.push_back(static_cast<float>(each));
    index.push_back(static_cast<std::int32_t>(index.size()));
  }
  const auto all = bf::copy_of(x);
  const auto y = bf::map(t.how, seen{}, all);
  static_assert(std::is_same_v<decltype(y), const bf::array<float>>);
  t.same("elements", y, want);
  t.same("a table", bf::map(t.how, look{}, bf::copy_of(index), bf::whole(all)), want);
  const auto none = bf::copy_of(std::vector<half>{});
  t.same("an empty table", bf::map(t.how, look{}, bf::value_of(7), bf::whole(none)), 0.0f);
  const auto few = bf::copy_of(std::vector<half>(1000, half(1)));
  t.same(
      "a broadcast",
      bf::map(
          t.how, [](auto a, auto b, auto c) { return a * b + c; }, few, bf::value_of(half(0.375f)), half(2)),
      std::vector<float>(1000, 2.375f));
}

struct mixed {
  auto operator()(auto h, auto i, auto f) const { return std::make_tuple(h * i, f - h, h < f); }
};
BUSFARE_CASE(halves_in_arithmetic) {
  std::vector<half> h;
  std::vector<std::uint8_t> i;
  std::vector<float> f, product, difference;
  std::vector<std::uint8_t> less;
  for (int k = 0; k < 3001; ++k) {
    h.push_back(static_cast<half>(static_cast<float>(k % 700) * 0.37f - 90));
    i.push_back(static_cast<std::uint8_t>(k));
    f.push_back(static_cast<float>(k) * 0.01f);
    const float x = static_cast<float>(h.back());
    product.push_back(x * static_cast<float>(i.back()));
    difference.push_back(f.back() - x);
    less.push_back(x < f.back());
  }
  const auto [p, d, l] = bf::map(t.how, mixed{}, bf::copy_of(h), bf::copy_of(i), bf::copy_of(f));
  t.same("f16*u8", p, product);
  t.same("f32-f16", d, difference);
  t.same("f16<f32", l, less);
}

struct neighbours {
  auto operator()(auto w) const { return w(-1, 0) * 4 + w(0, 2) - w(1, -1); }
};
BUSFARE_CASE(halves_in_windows) {
  constexpr std::int64_t rows = 7, columns = 65;
  std::vector<half> x;
  for (int k = 0; k < rows * columns; ++k) x.push_back(static_cast<half>(k * 3 % 101));
  const auto at = [&](std::int64_t r, std::int64_t c) {
    return r < 0 || r >= rows || c < 0 || c >= columns
               ? 0.5f
               : static_cast<float>(x[static_cast<std::size_t>(r * columns + c)]);
  };
  std::vector<float> want;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      want.push_back(at(r - 1, c) * 4 + at(r, c + 2) - at(r + 1, c - 1));
  const auto plane = bf::copy_of(x, bf::extents(rows, columns));
  t.same("plane", bf::map(t.how, neighbours{}, bf::window(plane, {1, 2}, bf::border::constant(half(0.5f)))),
         want);
  const auto part = plane.slice(t.how, {2, 3}, {3, 50});
  std::vector<half> cut;
  for (std::int64_t r = 2; r < 5; ++r)
    for (std::int64_t c = 3; c < 53; ++c) cut.push_back(x[static_cast<std::size_t>(r * columns + c)]);
  t.same("a slice", part, cut);
}

// Rounded and saturated, as stored and as a value of the kernel.
struct to_half_kernel {
  auto operator()(auto a) const {
    const auto h = bf::cast<half>(a);
    return std::make_tuple(h, bf::cast_sat<half>(a), +h);
  }
};
template <class T> void to_half(trial& t, const std::string& from, const std::vector<T>& x) {
  const auto [stored, saturated, value] = bf::map(t.how, to_half_kernel{}, bf::copy_of(x));
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(stored)>, bf::array<half>>);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(value)>, bf::array<float>>);
  std::vector<half> want, nearest;
  std::vector<float> values;
  for (const T each : x) {
    const half h = right(each);
    const float wide = static_cast<float>(h);
    want.push_back(h);
    values.push_back(wide);
    nearest.push_back(std::isinf(wide) && std::isfinite(static_cast<double>(each)) ? most(wide) : h);
  }
  t.same("cast of " + from, stored, want);
  t.same("cast_sat of " + from, saturated, nearest);
  t.same("cast of " + from + " in the kernel", value, values);
}
BUSFARE_CASE(half_of_f32) {
  to_half(t, "f32", thinned(busfare_test::hard_for_half<float>(seed(), 100000), 200000));
}
BUSFARE_CASE_F64(half_of_f64) {
  to_half(t, "f64", thinned(busfare_test::hard_for_half<double>(seed(), 100000), 200000));
}
// f64 has all of them that matter, so that the compiler's conversion rounds once whatever it goes through.
template <class T> void to_half_of_integers(trial& t, const std::string& from) {
  std::vector<T> x = busfare_test::operands<T>(1, seed(), 1001)[0];
  for (std::uint64_t k = 2040; k < 2060; ++k) x.push_back(static_cast<T>(k));
  for (std::uint64_t k = 65470; k < 65550; ++k) x.push_back(static_cast<T>(k));
  to_half(t, from, x);
}
BUSFARE_CASE(half_of_integers) {
  to_half_of_integers<std::int32_t>(t, "i32");
  to_half_of_integers<std::uint64_t>(t, "u64");
}

// What a fused kernel passes on is what it would have stored.
BUSFARE_CASE(halves_in_a_chain) {
  std::vector<float> x, ends;
  std::vector<half> first, second;
  for (int k = 0; k < 5000; ++k) {
    x.push_back(static_cast<float>(k) * 1.37f - 3000);
    const float scaled = x.back() * 1.1f;
    first.push_back(static_cast<half>(scaled));
    const float inside = static_cast<float>(first.back()) * 0.3f;
    second.push_back(static_cast<half>(inside));
    const float sum = static_cast<float>(first.back()) + static_cast<float>(second.back());
    ends.push_back(sum + x.back());
  }
  const auto a = bf::copy_of(x);
  const auto [one, two] = bf::map(
      t.how,
      [](auto v) {
        const auto h = bf::cast<half>(v * 1.1f);
        return std::make_tuple(h, bf::cast<half>(h * 0.3f));
      },
      a);
  const auto sum = bf::map(
      t.how, [](auto b, auto c, auto v) { return b + c + v; }, one, two, a);
  t.same("sum", sum, ends);
  t.same("first", one, first);
  t.same("second", two, second);
}

// Sums of whole numbers that f32 holds, so that any order gives them.
BUSFARE_CASE(halves_reduce) {
  for (const std::size_t n : {1u, 63u, 4096u, 9001u}) {
    if (n > largest()) continue;
    std::vector<half> x;
    std::vector<float> odd;
    float sum = 0, rounded = 0;
    for (std::size_t k = 0; k < n; ++k) {
      x.push_back(static_cast<half>(static_cast<int>(k * 37 % 101) - 30));
      odd.push_back(static_cast<float>(2049 + 2 * (k % 100)));
      sum += static_cast<float>(x.back());
      rounded += static_cast<float>(static_cast<half>(odd.back()));
    }
    x[n / 2] = half(99);
    sum += 99 - static_cast<float>(static_cast<int>(n / 2 * 37 % 101) - 30);
    const std::string of = " of " + std::to_string(n);
    const auto a = bf::copy_of(x);
    const auto total = bf::sum(t.how, a);
    static_assert(std::is_same_v<decltype(total), const bf::array<float>>);
    t.same("sum" + of, total, sum);
    t.same("max" + of, bf::reduce(t.how, bf::maximum, a), 99.0f);
    t.same("argmax" + of, bf::argmax(t.how, a), std::uint64_t{n / 2});
    t.same("sum of casts" + of,
           bf::map_reduce(
               t.how, [](auto v) { return bf::cast<half>(v); }, bf::plus, bf::copy_of(odd)),
           rounded);
  }
}

}  // namespace
}  // namespace conformance
#endif
