// Reductions against the fixed tree, written a second time from docs/same-bits.md.
#include <algorithm>
#include <initializer_list>

#include "conformance/largest.hpp"
#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

/// Blocks of 4096; lane j folds x[j], x[j+L], ...; then lane j takes lane j+h for h = L/2 ... 1; then the
/// same again over the blocks' results.
template <class P, class Op> P tree(std::vector<P> x, std::size_t lanes, Op op) {
  do {
    std::vector<P> results;
    for (std::size_t first = 0; first < x.size(); first += 4096) {
      const std::size_t n = std::min<std::size_t>(4096, x.size() - first);
      std::vector<P> lane(std::min(n, lanes));
      for (std::size_t i = 0; i < n; ++i) {
        lane[i % lanes] = i < lanes ? x[first + i] : op(lane[i % lanes], x[first + i]);
      }
      for (std::size_t h = lanes / 2; h >= 1; h /= 2) {
        for (std::size_t j = 0; j < h && j + h < lane.size(); ++j) lane[j] = op(lane[j], lane[j + h]);
      }
      results.push_back(lane[0]);
    }
    x = std::move(results);
  } while (x.size() > 1);
  return x[0];
}

template <class T> std::vector<T> moderate(std::size_t n) {
  std::vector<T> x = busfare_test::random_values<T>(seed() + n, 2 * n);
  for (std::size_t i = 0; i < n; ++i) x[i] = x[2 * i + 1];  // the everyday half
  x.resize(n);
  return x;
}

constexpr std::size_t sizes[] = {1,     2, 31, 32, 33, 63, 64, 65, 127, 4095, 4096, 4097, 8191, 4096 * 3 + 17,
                                 100003};

struct user_given {  // the value of greatest magnitude; of equals the first
  auto operator()(auto a, auto b) const { return bf::select(bf::abs(a) < bf::abs(b), b, a); }
};
struct squared {
  auto operator()(auto x, auto y) const { return x * x - y; }
};

template <class F, class T> T scalar_fold(T a, T b) { return F{}(bf::scalar<T>{a}, bf::scalar<T>{b}).v; }

template <class T> void reduce_all(trial& t) {
  constexpr std::size_t lanes = sizeof(T) == 4 ? 64 : 32;
  for (std::size_t n : sizes) {
    if (n > largest()) continue;
    const std::vector<T> x = moderate<T>(n);
    const auto a = bf::copy_of(x);
    const std::string of = " of " + std::to_string(n);
    const auto plus = tree(x, lanes, scalar_fold<bf::plus_t, T>);
    t.same("sum" + of, bf::sum(t.how, a), plus);
    t.same("reduce plus" + of, bf::reduce(t.how, bf::plus, a), plus);
    t.same("times" + of, bf::reduce(t.how, bf::times, a), tree(x, lanes, scalar_fold<bf::times_t, T>));
    t.same("min" + of, bf::reduce(t.how, bf::minimum, a), tree(x, lanes, scalar_fold<bf::min_t, T>));
    t.same("max" + of, bf::reduce(t.how, bf::maximum, a), tree(x, lanes, scalar_fold<bf::max_t, T>));
    t.same("user-given" + of, bf::reduce(t.how, user_given{}, a), tree(x, lanes, scalar_fold<user_given, T>));
    std::vector<T> mapped(n);
    for (std::size_t i = 0; i < n; ++i) mapped[i] = scalar_of<squared>(x[i], x[n - 1 - i]);
    std::vector<T> back(x.rbegin(), x.rend());
    t.same("map_reduce" + of, bf::map_reduce(t.how, squared{}, bf::plus, a, bf::copy_of(back)),
           tree(mapped, lanes, scalar_fold<bf::plus_t, T>));
  }
  t.same("sum of nothing", bf::sum(t.how, bf::array<T>()), T(0));
  t.same("product of nothing", bf::reduce(t.how, bf::times, bf::array<T>()), T(1));
}

BUSFARE_CASE(reduce_f32) { reduce_all<float>(t); }
BUSFARE_CASE_F64(reduce_f64) { reduce_all<double>(t); }
BUSFARE_CASE(reduce_i32) { reduce_all<std::int32_t>(t); }
BUSFARE_CASE(reduce_u64) { reduce_all<std::uint64_t>(t); }

template <class T> void arguments(trial& t) {
  for (std::size_t n : sizes) {
    if (n > largest()) continue;
    std::vector<T> x = moderate<T>(n);
    for (int spoiled = 0; spoiled < 4; ++spoiled) {
      if constexpr (std::is_floating_point_v<T>) {
        if (spoiled == 1)
          std::fill(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n / 2),
                    std::numeric_limits<T>::quiet_NaN());
        if (spoiled == 2) std::fill(x.begin(), x.end(), std::numeric_limits<T>::quiet_NaN());
      }
      if (spoiled == 3) {  // the extremes last, and a pair of equals
        x.assign(n, T(5));
        x.back() = T(1);
        if (n > 2) x[n - 2] = T(9);
      }
      std::uint64_t least = 0, most = 0;
      for (std::size_t i = 1; i < n; ++i) {
        if (x[i] < x[least] || (x[least] != x[least] && x[i] == x[i])) least = i;
        if (x[i] > x[most] || (x[most] != x[most] && x[i] == x[i])) most = i;
      }
      const auto a = bf::copy_of(x);
      t.same("argmin of " + std::to_string(n), bf::argmin(t.how, a), least);
      t.same("argmax of " + std::to_string(n), bf::argmax(t.how, a), most);
    }
  }
}
BUSFARE_CASE(arguments_f32) { arguments<float>(t); }
BUSFARE_CASE_F64(arguments_f64) { arguments<double>(t); }
BUSFARE_CASE(arguments_i32) { arguments<std::int32_t>(t); }
BUSFARE_CASE(arguments_u64) { arguments<std::uint64_t>(t); }

BUSFARE_CASE(reduce_narrow) {
  for (std::size_t n : sizes) {
    if (n > largest()) continue;
    std::vector<std::uint8_t> x(n);
    std::vector<std::int32_t> wide(n);
    for (std::size_t i = 0; i < n; ++i) wide[i] = x[i] = static_cast<std::uint8_t>(i * 73 + 11);
    t.same("sum of u8", bf::sum(t.how, bf::copy_of(x)),
           tree(wide, 64, scalar_fold<bf::plus_t, std::int32_t>));
  }
}

// What a map that is folded where it is computed reads: elements, one value for all, a number, a table.
struct place {
  auto operator()(auto x) const { return bf::cast<std::int64_t>(bf::min(bf::abs(x), 7.0f)); }
};
struct mixed {
  auto operator()(auto x, auto one, auto number, auto table) const {
    return std::make_tuple(x * one + number, place{}(x) + table[place{}(x)]);
  }
};
struct sum_and_most {
  auto operator()(auto a, auto i, auto b, auto j) const {
    return std::make_tuple(a + b, bf::select(i < j, j, i));
  }
};
BUSFARE_CASE(map_reduce_of_every_argument) {
  const std::vector<std::int32_t> table = {3, -5, 70, 2, 9};
  for (const std::size_t n : {std::size_t{63}, std::size_t{4096}, std::size_t{4096 * 5 + 70}}) {
    if (n > largest()) continue;
    const std::vector<float> x = moderate<float>(n);
    std::vector<float> sums(n);
    std::vector<std::int64_t> places(n);
    for (std::size_t i = 0; i < n; ++i) {
      sums[i] = x[i] * 0.75f + 2.5f;
      const std::int64_t at = scalar_of<place>(x[i]);
      places[i] = at + table[static_cast<std::size_t>(std::min<std::int64_t>(at, 4))];
    }
    const auto [sum, most] = bf::map_reduce(t.how, mixed{}, sum_and_most{}, bf::copy_of(x),
                                            bf::sum(t.how, bf::copy_of(std::vector<float>{0.75f})), 2.5f,
                                            bf::whole(bf::copy_of(table)));
    const std::string of = " of " + std::to_string(n);
    t.same("sum" + of, sum, tree(sums, 32, scalar_fold<bf::plus_t, float>));
    t.same("most" + of, most, *std::max_element(places.begin(), places.end()));
  }
}

BUSFARE_CASE(reduce_hard_values) {
  const std::vector<float> x = busfare_test::operands<float>(2, seed(), 0)[1];
  const auto a = bf::copy_of(x);
  t.same("sum", bf::sum(t.how, a), tree(x, 64, scalar_fold<bf::plus_t, float>));
  t.same("min", bf::reduce(t.how, bf::minimum, a), tree(x, 64, scalar_fold<bf::min_t, float>));
  t.same("max", bf::reduce(t.how, bf::maximum, a), tree(x, 64, scalar_fold<bf::max_t, float>));
  std::vector<float> tiny(1001, std::numeric_limits<float>::denorm_min());
  t.same("sum of denormals", bf::sum(t.how, bf::copy_of(tiny)), 1001 * tiny[0]);
  t.same("-0 alone", bf::sum(t.how, bf::copy_of(std::vector<float>{-0.0f})), -0.0f);
}

// Three levels of the tree. Values are generated where they are summed, so that nothing crosses.
struct scrambled {
  auto operator()(auto i) const {
    const auto h = bf::cast<std::uint32_t>(i) * 2654435761u;
    return bf::cast<float>(h >> 8) * 0x1p-24f - 0.25f;
  }
};
BUSFARE_CASE(reduce_three_levels) {
  const std::size_t n = std::min(largest(), t.planted() ? 4096 * 65 + 5 : std::size_t{4096} * 4096 + 5);
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = scalar_of<scrambled>(static_cast<std::int64_t>(i));
  t.same("sum", bf::sum(t.how, bf::generate(t.how, bf::extents(n), scrambled{})),
         tree(std::move(x), 64, scalar_fold<bf::plus_t, float>));
}

}  // namespace
}  // namespace conformance
