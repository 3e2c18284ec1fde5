// Casts from one type to all others: the device against the scalar reading and against the exact result.
#pragma once

#include <vector>

#include "support/exact.hpp"
#include "support/trial.hpp"

namespace conformance {

template <class To> struct cast_kernel {
  auto operator()(auto a) const { return bf::cast<To>(a); }
};
template <class To> struct bit_cast_kernel {
  auto operator()(auto a) const { return bf::bit_cast<To>(a); }
};

template <class From, class To> void cast_case(trial& t) {
  const std::vector<From> x = busfare_test::operands<From>(1, seed(), 3001)[0];
  const auto input = bf::copy_of(x);
  std::vector<To> scalar(x.size()), exact(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    scalar[i] = cast_kernel<To>{}(bf::scalar<From>{x[i]}).v;
    exact[i] = busfare_test::exact_cast<To>(x[i]);
  }
  const bf::array<To> y = bf::map(t.how, cast_kernel<To>{}, input);
  t.same("cast against scalar", y, scalar);
  t.same("cast against exact", y, exact);
  if constexpr (sizeof(From) == sizeof(To)) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const From clean = x[i] == x[i] ? x[i] : std::numeric_limits<From>::quiet_NaN();
      std::memcpy(&scalar[i], &clean, sizeof clean);
    }
    t.same("bits", bf::map(t.how, bit_cast_kernel<To>{}, input), scalar);
  }
}

template <class From> bool add_casts(const char* name) {
  constexpr bool f64 = std::is_same_v<From, double>;
  const std::string from = std::string("cast_") + name + "_to_";
  add_case(from + "f32", cast_case<From, float>, f64);
  add_case(from + "f64", cast_case<From, double>, true);
  add_case(from + "i32", cast_case<From, std::int32_t>, f64);
  add_case(from + "u32", cast_case<From, std::uint32_t>, f64);
  add_case(from + "i64", cast_case<From, std::int64_t>, f64);
  return add_case(from + "u64", cast_case<From, std::uint64_t>, f64);
}

}  // namespace conformance
