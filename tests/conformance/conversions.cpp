// C++'s usual arithmetic conversions, narrow storage, masks as numbers, numbers and broadcasts as arguments.
#include <type_traits>

#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

struct scaled {
  auto operator()(auto x, auto y) const { return x * y; }
};
struct times_two {
  auto operator()(auto x) const { return x * 2.0; }
};
struct arithmetic_of_two {
  auto operator()(auto x, auto y) const {
    return std::make_tuple(x + y, x - y, bf::cast<std::int32_t>(x < y), bf::max(x, y));
  }
};

template <class T, class U> void narrow(trial& t, const char* what) {
  std::vector<T> x;
  std::vector<U> y;
  for (int i = 0; i < 65536; i += 97) {
    x.push_back(static_cast<T>(i));
    y.push_back(static_cast<U>(i * 31 - 7));
  }
  const auto z = bf::map(t.how, scaled{}, bf::copy_of(x), bf::copy_of(y));
  using C = bf::common_t<T, U>;
  static_assert(std::is_same_v<decltype(z), const bf::array<C>>);
  std::vector<C> want(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    want[i] = scalar_of<scaled>(bf::compute_t<T>(x[i]), bf::compute_t<U>(y[i]));
  t.same(what, z, want);
}

BUSFARE_CASE(narrow_storage) {
  narrow<std::uint8_t, float>(t, "u8*f32");
  narrow<std::int8_t, std::uint8_t>(t, "i8*u8");
  narrow<std::uint16_t, std::int16_t>(t, "u16*i16");
  narrow<std::int16_t, std::uint32_t>(t, "i16*u32");
  narrow<std::int32_t, float>(t, "i32*f32");
  narrow<std::int32_t, std::uint32_t>(t, "i32*u32");
  narrow<std::uint32_t, std::int64_t>(t, "u32*i64");
  narrow<std::int64_t, std::uint64_t>(t, "i64*u64");
}

BUSFARE_CASE_F64(conversion_to_f64) {
  const std::vector<float> x = busfare_test::operands<float>(1, seed(), 500)[0];
  const auto y = bf::map(t.how, times_two{}, bf::copy_of(x));
  static_assert(std::is_same_v<decltype(y), const bf::array<double>>);
  std::vector<double> want(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) want[i] = double(x[i]) * 2.0;
  t.same("f32*2.0", y, want);
  narrow<std::uint64_t, double>(t, "u64*f64");
  narrow<float, double>(t, "f32*f64");
}

BUSFARE_CASE(masks_are_numbers) {
  const auto x = busfare_test::operands<float>(2, seed(), 1000);
  const auto y = bf::map(
      t.how, [](auto a, auto b) { return (a < b) + (b < a) * 10 + 100 * !(a == b); }, bf::copy_of(x[0]),
      bf::copy_of(x[1]));
  static_assert(std::is_same_v<decltype(y), const bf::array<std::int32_t>>);
  const auto stored = bf::map(
      t.how, [](auto a, auto b) { return ((a < b) | (b < a)) ^ (a == b); }, bf::copy_of(x[0]),
      bf::copy_of(x[1]));
  static_assert(std::is_same_v<decltype(stored), const bf::array<std::uint8_t>>);
  std::vector<std::int32_t> want(x[0].size());
  std::vector<std::uint8_t> ordered(x[0].size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    const float a = x[0][i], b = x[1][i];
    want[i] = (a < b) + (b < a) * 10 + 100 * !(a == b);
    ordered[i] = a == a && b == b;
  }
  t.same("masks in arithmetic", y, want);
  t.same("masks stored", stored, ordered);
}

BUSFARE_CASE(numbers_and_broadcasts) {
  std::vector<float> x(1000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) - 500.5f;
  const auto one = bf::value_of(3.25f);
  const auto y = bf::map(
      t.how, [](auto v, auto n, auto w, auto k) { return v * n + w - k; }, bf::copy_of(x), 0.1f, one, 7);
  std::vector<float> want(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float product = x[i] * 0.1f, sum = product + 3.25f;
    want[i] = sum - 7.0f;
  }
  t.same("numbers and a broadcast", y, want);
  const auto mean = bf::map(
      t.how, [](auto s) { return s / 1000.0f; }, bf::sum(t.how, y));
  const float m = mean.value();
  const auto centred = bf::map(
      t.how, [](auto v, auto middle) { return v - middle; }, y, mean);
  for (float& each : want) each -= m;
  t.same("minus the mean", centred, want);
  t.check("all numbers, rank 0", bf::map(
                                     t.how, [](auto a) { return a + 1.0f; }, one)
                                         .value() == 4.25f);
}

BUSFARE_CASE(several_results) {
  const auto x = busfare_test::operands<std::int32_t>(2, seed(), 777);
  const auto [sum, difference, less, most] =
      bf::map(t.how, arithmetic_of_two{}, bf::copy_of(x[0]), bf::copy_of(x[1]));
  std::vector<std::int32_t> want[4];
  for (std::size_t i = 0; i < x[0].size(); ++i) {
    const auto a = static_cast<std::uint32_t>(x[0][i]), b = static_cast<std::uint32_t>(x[1][i]);
    want[0].push_back(static_cast<std::int32_t>(a + b));
    want[1].push_back(static_cast<std::int32_t>(a - b));
    want[2].push_back(x[0][i] < x[1][i]);
    want[3].push_back(std::max(x[0][i], x[1][i]));
  }
  t.same("sum", sum, want[0]);
  t.same("difference", difference, want[1]);
  t.same("less", less, want[2]);
  t.same("max", most, want[3]);
}

}  // namespace
}  // namespace conformance
