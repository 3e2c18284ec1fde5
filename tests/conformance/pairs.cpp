// Operations that do not commute, and operations over several arrays, against the trees written a second
// time.
#include <algorithm>
#include <random>
#include <tuple>

#include "conformance/largest.hpp"
#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

/// The pair tree over everything at once: no blocks.
template <class P, class Op> P pair_tree(std::vector<P> x, Op op) {
  while (x.size() > 1) {
    std::vector<P> above;
    for (std::size_t k = 0; k + 1 < x.size(); k += 2) above.push_back(op(x[k], x[k + 1]));
    if (x.size() % 2 == 1) above.push_back(x.back());
    x = std::move(above);
  }
  return x[0];
}

/// One block of the tree of lanes: what must not happen here.
template <class P, class Op> P lane_tree(const std::vector<P>& x, std::size_t lanes, Op op) {
  std::vector<P> lane(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(std::min(x.size(), lanes)));
  for (std::size_t i = lanes; i < x.size(); ++i) lane[i % lanes] = op(lane[i % lanes], x[i]);
  for (std::size_t h = lanes / 2; h >= 1; h /= 2)
    for (std::size_t j = 0; j < h && j + h < lane.size(); ++j) lane[j] = op(lane[j], lane[j + h]);
  return lane[0];
}

constexpr std::size_t sizes[] = {1,    2,    3,    4,    5,    63,   64,   65,   511,      512,         513,
                                 1023, 1025, 2047, 2049, 4095, 4096, 4097, 8191, 2 * 4096, 2 * 4096 + 1};
std::vector<std::size_t> all_sizes(const trial& t) {
  std::vector<std::size_t> n(std::begin(sizes), std::end(sizes));
  n.push_back(t.planted() ? 5 * 4096 + 3 : (std::size_t{1} << 20) + 3);
  std::erase_if(n, [](std::size_t each) { return each > largest(); });
  return n;
}

// Numbers that stay numbers however many are combined.
template <class T> std::vector<T> near(double middle, double spread, std::size_t n, std::uint64_t salt) {
  std::mt19937_64 random(seed() + n * 8 + salt);
  std::vector<T> x(n);
  for (T& each : x) {
    if constexpr (std::is_floating_point_v<T>)
      each = static_cast<T>(middle + spread * (static_cast<double>(random() >> 11) * 0x1p-53 - 0.5));
    else
      each = static_cast<T>(random());
  }
  return x;
}

// Neither commutative nor associative nor linear: only the right tree gives this.
struct weave {
  static constexpr bool commutes = false;
  static constexpr const char* name = "weave";
  template <class T> static constexpr T identity() { return T(7); }
  auto operator()(auto a, auto b) const {
    if constexpr (std::is_floating_point_v<bf::detail::element_t<decltype(a)>>)
      return bf::select(a < b, a * 0.75f - b * 0.25f, a * 0.375f + b * 0.625f);
    else
      return a * 3 - (a ^ (b * 5));
  }
};
struct first {
  static constexpr bool commutes = false;
  auto operator()(auto a, auto) const { return a; }
};
struct last {
  static constexpr bool commutes = false;
  auto operator()(auto, auto b) const { return b; }
};
struct difference {
  auto operator()(auto x, auto y) const { return x * x - y; }
};

template <class F, class T> T folded(T a, T b) {
  return static_cast<T>(F{}(bf::scalar<T>{a}, bf::scalar<T>{b}).v);
}

template <class T> void pairs(trial& t) {
  for (const std::size_t n : all_sizes(t)) {
    const std::vector<T> x = near<T>(0, 2, n, 1), y = near<T>(1, 2, n, 2);
    const auto a = bf::copy_of(x);
    const std::string of = " of " + std::to_string(n);
    const T woven = pair_tree(x, folded<weave, T>);
    t.same("weave" + of, bf::reduce(t.how, weave{}, a), woven);
    if (n > 8 && n <= 4096)
      t.check("the other tree" + of, lane_tree(x, sizeof(T) == 4 ? 64 : 32, folded<weave, T>) != woven);
    t.same("first" + of, bf::reduce(t.how, first{}, a), x.front());
    t.same("last" + of, bf::reduce(t.how, last{}, a), x.back());
    std::vector<T> mapped(n);
    for (std::size_t i = 0; i < n; ++i) mapped[i] = scalar_of<difference>(x[i], y[i]);
    t.same("a map, then weave" + of, bf::map_reduce(t.how, difference{}, weave{}, a, bf::copy_of(y)),
           pair_tree(mapped, folded<weave, T>));
  }
  t.same("weave of nothing", bf::reduce(t.how, weave{}, bf::array<T>()), T(7));
}
BUSFARE_CASE(pairs_f32) { pairs<float>(t); }
BUSFARE_CASE_F64(pairs_f64) { pairs<double>(t); }
BUSFARE_CASE(pairs_i32) { pairs<std::int32_t>(t); }
BUSFARE_CASE(pairs_u32) { pairs<std::uint32_t>(t); }
BUSFARE_CASE(pairs_i64) { pairs<std::int64_t>(t); }
BUSFARE_CASE(pairs_u64) { pairs<std::uint64_t>(t); }

template <class... T>
void all_same(trial& t, const std::string& what, const std::tuple<bf::array<T>...>& got,
              const std::tuple<T...>& want) {
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    (t.same(what + " component " + std::to_string(K), std::get<K>(got), std::get<K>(want)), ...);
  }
  (std::index_sequence_for<T...>{});
}

// The operation on tuples of numbers, by the scalar reading.
template <class Op, class... T> std::tuple<T...> over(const std::tuple<T...>& a, const std::tuple<T...>& b) {
  const auto r = std::apply([](auto... each) { return Op{}(bf::scalar<decltype(each)>{each}...); },
                            std::tuple_cat(a, b));
  return std::apply([](const auto&... each) { return std::tuple<T...>(static_cast<T>(each.v)...); }, r);
}

// x -> a x + b, the left one first.
struct affine {
  static constexpr bool commutes = false;
  static auto identity() { return std::make_tuple(1, 0); }
  auto operator()(auto a, auto b, auto c, auto d) const { return std::make_tuple(c * a, c * b + d); }
};

template <class T> void affine_maps(trial& t) {
  using P = std::tuple<T, T>;
  for (const std::size_t n : all_sizes(t)) {
    std::vector<T> a = near<T>(1, 0x1p-10, n, 3);
    const std::vector<T> b = near<T>(0, 2, n, 4);
    for (std::size_t i = 0; i < n; i += 3) a[i] = static_cast<T>(T(0) - a[i]);
    std::vector<P> x(n), twice(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = {a[i], b[i]}, twice[i] = {a[i], a[i]};
    const auto da = bf::copy_of(a), db = bf::copy_of(b);
    const std::string of = " of " + std::to_string(n);
    all_same(t, "affine" + of, bf::reduce(t.how, affine{}, da, db), pair_tree(x, over<affine, T, T>));
    all_same(t, "one array twice" + of, bf::reduce(t.how, affine{}, da, da),
             pair_tree(twice, over<affine, T, T>));
  }
  all_same(t, "affine of nothing", bf::reduce(t.how, affine{}, bf::array<T>(), bf::array<T>()), P(1, 0));
}
BUSFARE_CASE(affine_f32) { affine_maps<float>(t); }
BUSFARE_CASE_F64(affine_f64) { affine_maps<double>(t); }
BUSFARE_CASE(affine_i32) { affine_maps<std::int32_t>(t); }

// 2 x 2 matrices, as four arrays; a rotation each, so that their product stays one.
struct matrix_product {
  static constexpr bool commutes = false;
  auto operator()(auto a, auto b, auto c, auto d, auto e, auto f, auto g, auto h) const {
    return std::make_tuple(a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h);
  }
};
struct shear_or_turn {
  auto operator()(auto x) const {
    const auto turn = x < 0.0f;
    const auto s = x * 0.001f;
    return std::make_tuple(bf::select(turn, 0.0f, 1.0f), bf::select(turn, -1.0f, s),
                           bf::select(turn, 1.0f, s), bf::select(turn, s, 1.0f));
  }
};
BUSFARE_CASE(matrices_f32) {
  using P = std::tuple<float, float, float, float>;
  for (const std::size_t n : all_sizes(t)) {
    const std::vector<float> x = near<float>(0, 2, n, 5);
    std::vector<P> m(n);
    for (std::size_t i = 0; i < n; ++i)
      m[i] = std::apply([](auto... each) { return P(each.v...); }, shear_or_turn{}(bf::scalar<float>{x[i]}));
    all_same(t, "matrices of " + std::to_string(n),
             bf::map_reduce(t.how, shear_or_turn{}, matrix_product{}, bf::copy_of(x)),
             pair_tree(m, over<matrix_product, float, float, float, float>));
  }
}

// Mean and variance after Chan, Golub and LeVeque: (count, mean, sum of squared differences). Components of
// different widths; once as pairs, once as lanes.
template <bool Commutes> struct moments {
  static constexpr bool commutes = Commutes;
  auto operator()(auto n, auto mean, auto m2, auto k, auto other, auto n2) const {
    const auto both = n + k;
    const auto part = bf::cast<float>(k) / bf::cast<float>(both);
    const auto delta = other - mean;
    return std::make_tuple(both, mean + delta * part, m2 + n2 + delta * delta * part * bf::cast<float>(n));
  }
};
struct one_sample {
  auto operator()(auto x) const { return std::make_tuple(x * 0.0f == 0.0f, x, x * 0.0f); }
};
struct count_one {
  auto operator()(auto x) const {
    return std::make_tuple(bf::cast<std::uint64_t>(x * 0.0f + 1.0f), x, x * 0.0f);
  }
};
template <class Count, bool Commutes, class Map> void variance(trial& t, std::size_t lanes) {
  using P = std::tuple<Count, float, float>;
  for (const std::size_t n : all_sizes(t)) {
    if (Commutes && n > 4096) continue;
    const std::vector<float> x = near<float>(3, 2, n, 6);
    std::vector<P> each(n);
    for (std::size_t i = 0; i < n; ++i) each[i] = P(1, x[i], x[i] * 0.0f);
    const auto op = over<moments<Commutes>, Count, float, float>;
    all_same(t, "moments of " + std::to_string(n),
             bf::map_reduce(t.how, Map{}, moments<Commutes>{}, bf::copy_of(x)),
             Commutes ? lane_tree(each, lanes, op) : pair_tree(each, op));
  }
}
BUSFARE_CASE(moments_by_pairs) { variance<std::uint64_t, false, count_one>(t, 0); }
BUSFARE_CASE(moments_by_lanes) { variance<std::uint64_t, true, count_one>(t, 32); }
BUSFARE_CASE(moments_of_narrow) { variance<std::int32_t, false, one_sample>(t, 0); }

BUSFARE_CASE(pairs_of_narrow) {
  for (const std::size_t n : {1u, 2u, 4097u, 10001u}) {
    if (n > largest()) continue;
    const std::vector<std::int32_t> random = near<std::int32_t>(0, 0, n, 7);
    const std::vector<std::uint8_t> u(random.begin(), random.end());
    const std::vector<std::int16_t> s(random.rbegin(), random.rend());
    std::vector<std::int32_t> wide(u.begin(), u.end());
    std::vector<std::tuple<std::int32_t, std::int32_t>> both(n);
    for (std::size_t i = 0; i < n; ++i) both[i] = {u[i], s[i]};
    const std::string of = " of " + std::to_string(n);
    t.same("weave" + of, bf::reduce(t.how, weave{}, bf::copy_of(u)),
           pair_tree(wide, folded<weave, std::int32_t>));
    all_same(t, "affine" + of, bf::reduce(t.how, affine{}, bf::copy_of(u), bf::copy_of(s)),
             pair_tree(both, over<affine, std::int32_t, std::int32_t>));
  }
}

}  // namespace
}  // namespace conformance
