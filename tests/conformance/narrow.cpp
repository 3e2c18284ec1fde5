// Results of narrow types: what is stored, that it computes as i32, and that saturation is exact.
#include <algorithm>
#include <limits>
#include <utility>

#include "support/trial.hpp"

namespace conformance {
namespace {

template <class To> struct wrap_kernel {
  auto operator()(auto a) const { return bf::cast<To>(a); }
};
template <class To> struct saturate_kernel {
  auto operator()(auto a) const { return bf::cast_sat<To>(a); }
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

template <class From, class To> void both(trial& t, const std::string& what) {
  const std::vector<From> x = busfare_test::operands<From>(1, seed(), 1001)[0];
  const auto input = bf::copy_of(x);
  std::vector<To> wrap, saturate;
  for (const From each : x) {
    wrap.push_back(wrapped<To>(each));
    saturate.push_back(saturated<To>(each));
  }
  if constexpr (!bf::computable<To>) {
    const bf::array<To> y = bf::map(t.how, wrap_kernel<To>{}, input);
    t.same(what + " cast", y, wrap);
  }
  const bf::array<To> z = bf::map(t.how, saturate_kernel<To>{}, input);
  t.same(what + " cast_sat", z, saturate);
}

template <class From> void to_narrow(trial& t, const std::string& from) {
  both<From, std::uint8_t>(t, from + " to u8");
  both<From, std::int8_t>(t, from + " to i8");
  both<From, std::uint16_t>(t, from + " to u16");
  both<From, std::int16_t>(t, from + " to i16");
}
template <class From> void to_integers(trial& t, const std::string& from) {
  both<From, std::int32_t>(t, from + " to i32");
  both<From, std::uint32_t>(t, from + " to u32");
  both<From, std::int64_t>(t, from + " to i64");
  both<From, std::uint64_t>(t, from + " to u64");
}

BUSFARE_CASE(narrow_of_i32) { to_narrow<std::int32_t>(t, "i32"); }
BUSFARE_CASE(narrow_of_u32) { to_narrow<std::uint32_t>(t, "u32"); }
BUSFARE_CASE(narrow_of_u64) { to_narrow<std::uint64_t>(t, "u64"); }
BUSFARE_CASE(narrow_of_i64) { to_narrow<std::int64_t>(t, "i64"); }
BUSFARE_CASE(narrow_of_f32) { to_narrow<float>(t, "f32"); }
BUSFARE_CASE_F64(narrow_of_f64) { to_narrow<double>(t, "f64"); }
BUSFARE_CASE(saturated_integers) {
  to_integers<std::int32_t>(t, "i32");
  to_integers<std::uint32_t>(t, "u32");
  to_integers<std::int64_t>(t, "i64");
  to_integers<std::uint64_t>(t, "u64");
  to_integers<float>(t, "f32");
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
