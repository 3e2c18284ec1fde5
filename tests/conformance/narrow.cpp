// Results of narrow types: what is stored, that it computes as i32, and that saturation is exact.
#include <algorithm>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "support/trial.hpp"

namespace conformance {
namespace {

// Every target at once: a kernel for each pair of types would be most of the suite's compile time.
struct to_narrow_kernel {
  auto operator()(auto a) const {
    return std::make_tuple(bf::cast<std::uint8_t>(a), bf::cast<std::int8_t>(a), bf::cast<std::uint16_t>(a),
                           bf::cast<std::int16_t>(a), bf::cast_sat<std::uint8_t>(a),
                           bf::cast_sat<std::int8_t>(a), bf::cast_sat<std::uint16_t>(a),
                           bf::cast_sat<std::int16_t>(a));
  }
};
struct to_integers_kernel {
  auto operator()(auto a) const {
    return std::make_tuple(bf::cast_sat<std::int32_t>(a), bf::cast_sat<std::uint32_t>(a),
                           bf::cast_sat<std::int64_t>(a), bf::cast_sat<std::uint64_t>(a));
  }
};

template <class To, class From> To wrapped(From x) {
  if constexpr (std::is_floating_point_v<From>) {
    if (x != x) return 0;
    const auto whole = static_cast<long double>(x);
    if (whole <= static_cast<long double>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    if (whole >= static_cast<long double>(std::numeric_limits<To>::max()))
      return std::numeric_limits<To>::max();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}
template <class To, class From> To saturated(From x) {
  if constexpr (std::is_floating_point_v<From> || std::is_floating_point_v<To>) {
    return wrapped<To>(x);
  } else {
    if (std::cmp_less(x, std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (std::cmp_greater(x, std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(x);
  }
}

template <class To, class From, class F>
void compare(trial& t, const std::string& what, const bf::array<To>& got, const std::vector<From>& x,
             F exact) {
  std::vector<To> want;
  for (const From each : x) want.push_back(exact(each));
  t.same(what + " to " + bf::name_of(bf::type_of<To>()), got, want);
}
template <class To, class From>
void compare_cast(trial& t, const std::string& from, const bf::array<To>& got, const std::vector<From>& x) {
  compare(t, "cast of " + from, got, x, [](From v) { return wrapped<To>(v); });
}
template <class To, class From>
void compare_sat(trial& t, const std::string& from, const bf::array<To>& got, const std::vector<From>& x) {
  compare(t, "cast_sat of " + from, got, x, [](From v) { return saturated<To>(v); });
}

template <class From> void to_narrow(trial& t, const std::string& from) {
  const std::vector<From> x = busfare_test::operands<From>(1, seed(), 1001)[0];
  const auto all = bf::map(t.how, to_narrow_kernel{}, bf::copy_of(x));
  static_assert(
      std::is_same_v<std::tuple_element_t<3, std::remove_const_t<decltype(all)>>, bf::array<std::int16_t>>);
  compare_cast(t, from, std::get<0>(all), x);
  compare_cast(t, from, std::get<1>(all), x);
  compare_cast(t, from, std::get<2>(all), x);
  compare_cast(t, from, std::get<3>(all), x);
  compare_sat(t, from, std::get<4>(all), x);
  compare_sat(t, from, std::get<5>(all), x);
  compare_sat(t, from, std::get<6>(all), x);
  compare_sat(t, from, std::get<7>(all), x);
}
template <class From> void to_integers(trial& t, const std::string& from) {
  const std::vector<From> x = busfare_test::operands<From>(1, seed(), 1001)[0];
  const auto all = bf::map(t.how, to_integers_kernel{}, bf::copy_of(x));
  compare_sat(t, from, std::get<0>(all), x);
  compare_sat(t, from, std::get<1>(all), x);
  compare_sat(t, from, std::get<2>(all), x);
  compare_sat(t, from, std::get<3>(all), x);
}

BUSFARE_CASE(narrow_of_i32) { to_narrow<std::int32_t>(t, "i32"); }
BUSFARE_CASE(narrow_of_u64) { to_narrow<std::uint64_t>(t, "u64"); }
BUSFARE_CASE(narrow_of_f32) { to_narrow<float>(t, "f32"); }
BUSFARE_CASE_F64(narrow_of_f64) { to_narrow<double>(t, "f64"); }
BUSFARE_CASE(saturated_integers) {
  to_integers<std::uint32_t>(t, "u32");
  to_integers<std::int64_t>(t, "i64");
}

// Computes as i32 inside a kernel, between fused kernels as what was stored; several results of unequal
// width.
BUSFARE_CASE(narrow_in_a_chain) {
  std::vector<std::int32_t> x, want_sum;
  std::vector<std::uint8_t> low;
  std::vector<std::int16_t> scaled;
  for (int i = 0; i < 5000; ++i) {
    x.push_back(i * 7919 - 20000);
    const auto byte = static_cast<std::uint8_t>(x.back());
    low.push_back(byte);
    scaled.push_back(static_cast<std::int16_t>(byte * 300));
    want_sum.push_back(byte * 300 + static_cast<std::int16_t>(byte * 300));
  }
  const auto [bytes, shorts] = bf::map(
      t.how,
      [](auto v) {
        const auto byte = bf::cast<std::uint8_t>(v);
        return std::make_tuple(byte, bf::cast<std::int16_t>(byte * 300));
      },
      bf::copy_of(x));
  const auto sum = bf::map(
      t.how, [](auto b, auto s) { return b * 300 + s; }, bytes, shorts);
  t.same("sum", sum, want_sum);
  t.same("bytes", bytes, low);
  t.same("shorts", shorts, scaled);
}

}  // namespace
}  // namespace conformance
