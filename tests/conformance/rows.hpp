// One kernel and one case per row of the vocabulary and type: the device against the scalar reading, bit for
// bit, and against the exact result with the row's bound; for floats a second one under math::fast.
#pragma once

#include <string>
#include <vector>

#include "support/exact.hpp"
#include "support/trial.hpp"

namespace conformance {

// Sanitizers find nothing in the straight-line packs of the mathematical functions that they do not find in
// exp and log, take minutes to compile them, and see the scalar reading of all in
// tests/unit/value_math_test.cpp.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// The kernel that uses one row. A row of the vocabulary without a specialisation does not compile: every row
/// is tested.
template <bf::op O> struct row_kernel;

#define BUSFARE_ROW_KERNEL(name, parameters, expression)    \
  template <> struct row_kernel<bf::op::name> {             \
    auto operator() parameters const { return expression; } \
  };
BUSFARE_ROW_KERNEL(add, (auto a, auto b), a + b)
BUSFARE_ROW_KERNEL(sub, (auto a, auto b), a - b)
BUSFARE_ROW_KERNEL(mul, (auto a, auto b), a* b)
BUSFARE_ROW_KERNEL(div, (auto a, auto b), a / b)
BUSFARE_ROW_KERNEL(mod, (auto a, auto b), a % b)
BUSFARE_ROW_KERNEL(neg, (auto a), -a)
BUSFARE_ROW_KERNEL(lt, (auto a, auto b), a < b)
BUSFARE_ROW_KERNEL(le, (auto a, auto b), a <= b)
BUSFARE_ROW_KERNEL(eq, (auto a, auto b), a == b)
BUSFARE_ROW_KERNEL(ne, (auto a, auto b), a != b)
BUSFARE_ROW_KERNEL(land, (auto a, auto b), a != 0 && b != 0)
BUSFARE_ROW_KERNEL(lor, (auto a, auto b), a != 0 || b != 0)
BUSFARE_ROW_KERNEL(lnot, (auto a), !(a != 0))
BUSFARE_ROW_KERNEL(band, (auto a, auto b), a& b)
BUSFARE_ROW_KERNEL(bor, (auto a, auto b), a | b)
BUSFARE_ROW_KERNEL(bxor, (auto a, auto b), a ^ b)
BUSFARE_ROW_KERNEL(bnot, (auto a), ~a)
BUSFARE_ROW_KERNEL(shl, (auto a, auto b), a << b)
BUSFARE_ROW_KERNEL(shr, (auto a, auto b), a >> b)
BUSFARE_ROW_KERNEL(select, (auto a, auto b, auto c), bf::select(a != 0, b, c))
BUSFARE_ROW_KERNEL(min, (auto a, auto b), bf::min(a, b))
BUSFARE_ROW_KERNEL(max, (auto a, auto b), bf::max(a, b))
BUSFARE_ROW_KERNEL(abs, (auto a), bf::abs(a))
BUSFARE_ROW_KERNEL(floor, (auto a), bf::floor(a))
BUSFARE_ROW_KERNEL(sqrt, (auto a), bf::sqrt(a))
BUSFARE_ROW_KERNEL(fma, (auto a, auto b, auto c), bf::fma(a, b, c))
BUSFARE_ROW_KERNEL(exp, (auto a), bf::exp(a))
BUSFARE_ROW_KERNEL(log, (auto a), bf::log(a))
BUSFARE_ROW_KERNEL(normal_cdf, (auto a), bf::normal_cdf(a))
BUSFARE_ROW_KERNEL(exp2, (auto a), bf::exp2(a))
BUSFARE_ROW_KERNEL(expm1, (auto a), bf::expm1(a))
BUSFARE_ROW_KERNEL(log2, (auto a), bf::log2(a))
BUSFARE_ROW_KERNEL(log10, (auto a), bf::log10(a))
BUSFARE_ROW_KERNEL(log1p, (auto a), bf::log1p(a))
BUSFARE_ROW_KERNEL(sin, (auto a), bf::sin(a))
BUSFARE_ROW_KERNEL(cos, (auto a), bf::cos(a))
BUSFARE_ROW_KERNEL(tan, (auto a), bf::tan(a))
BUSFARE_ROW_KERNEL(asin, (auto a), bf::asin(a))
BUSFARE_ROW_KERNEL(acos, (auto a), bf::acos(a))
BUSFARE_ROW_KERNEL(atan, (auto a), bf::atan(a))
BUSFARE_ROW_KERNEL(sinh, (auto a), bf::sinh(a))
BUSFARE_ROW_KERNEL(cosh, (auto a), bf::cosh(a))
BUSFARE_ROW_KERNEL(tanh, (auto a), bf::tanh(a))
BUSFARE_ROW_KERNEL(cbrt, (auto a), bf::cbrt(a))
BUSFARE_ROW_KERNEL(erf, (auto a), bf::erf(a))
BUSFARE_ROW_KERNEL(erfc, (auto a), bf::erfc(a))
BUSFARE_ROW_KERNEL(atan2, (auto a, auto b), bf::atan2(a, b))
BUSFARE_ROW_KERNEL(hypot, (auto a, auto b), bf::hypot(a, b))
BUSFARE_ROW_KERNEL(pow, (auto a, auto b), bf::pow(a, b))
#undef BUSFARE_ROW_KERNEL

/// The scalar reading's result of a kernel: a T, or a mask as u8.
template <class F, class... T> auto scalar_of(const T&... x) {
  const auto r = F{}(bf::scalar<bf::compute_t<T>>{x}...);
  if constexpr (bf::detail::kernel_mask<decltype(r)>)
    return static_cast<std::uint8_t>(r.v);
  else
    return r.v;
}

/// The scalar reading of one row.
template <bf::op O, class T> auto row_scalar(T a, [[maybe_unused]] T b, [[maybe_unused]] T c) {
  constexpr int arity = bf::vocabulary[static_cast<int>(O)].arity;
  if constexpr (arity == 1)
    return scalar_of<row_kernel<O>>(a);
  else if constexpr (arity == 2)
    return scalar_of<row_kernel<O>>(a, b);
  else
    return scalar_of<row_kernel<O>>(a, b, c);
}

/// The operands of a row's case, what the device made of them and what the scalar reading makes.
template <bf::op O, class T> struct row_run {
  using F = row_kernel<O>;
  using Out = decltype(row_scalar<O>(T{}, T{}, T{}));
  static constexpr int arity = bf::vocabulary[static_cast<int>(O)].arity;

  explicit row_run(const trial& t) : x(busfare_test::operands<T>(arity, seed(), 3001)), y(record(t.how)) {
    for (std::size_t i = 0; i < x[0].size(); ++i) want.push_back(scalar(i));
  }
  [[nodiscard]] T at(int k, std::size_t i) const { return x[static_cast<std::size_t>(k)][i]; }
  [[nodiscard]] Out scalar(std::size_t i) const {
    return row_scalar<O>(at(0, i), arity > 1 ? at(1, i) : T{}, arity > 2 ? at(2, i) : T{});
  }
  [[nodiscard]] bf::array<Out> record(const bf::options& how) const {
    if constexpr (arity == 1)
      return bf::map(how, F{}, bf::copy_of(x[0]));
    else if constexpr (arity == 2)
      return bf::map(how, F{}, bf::copy_of(x[0]), bf::copy_of(x[1]));
    else
      return bf::map(how, F{}, bf::copy_of(x[0]), bf::copy_of(x[1]), bf::copy_of(x[2]));
  }
  /// Every result against the exact one, whose NaNs and infinities must be there.
  template <int Bound> void within(trial& t) const {
    const auto got = y.host();
    for (std::size_t i = 0; i < want.size(); ++i) {
      const auto reference =
          busfare_test::exact<O>(at(0, i), arity > 1 ? at(1, i) : T{}, arity > 2 ? at(2, i) : T{});
      if constexpr (Bound == 0) {
        if (!busfare_test::same(got[i], reference)) t.report("not exact at " + std::to_string(i));
      } else {
        const double error = busfare_test::ulps(got[i], reference);
        if (!(error <= Bound)) {
          t.report(std::to_string(error) + " ULP at " + std::to_string(at(0, i)) + ", the bound is " +
                   std::to_string(Bound));
        }
      }
    }
  }

  std::vector<std::vector<T>> x;
  bf::array<Out> y;
  std::vector<Out> want;
};

template <bf::op O, class T> void row_case(trial& t) {
  const row_run<O, T> r(t);
  t.same("device against scalar", r.y, r.want);
  r.template within<bf::vocabulary[static_cast<int>(O)].ulp>(t);
}

/// Under math::fast a row has a bound of its own; packs keep the bits.
template <bf::op O, class T> void fast_row_case(trial& t) {
  t.how.math = bf::math::fast;
  const row_run<O, T> r(t);
  if (runs_packs(t.how.device)) t.same("packs under math::fast against scalar", r.y, r.want);
  r.template within<bf::vocabulary[static_cast<int>(O)].fast_ulp>(t);
}

template <bf::op O, class T> bool add_row(const char* type_name) {
  const std::string name = bf::vocabulary[static_cast<int>(O)].name, of = std::string("_") + type_name;
  constexpr bool f64 = std::is_same_v<T, double>;
  if constexpr (std::is_floating_point_v<T>) add_case("fast_row_" + name + of, fast_row_case<O, T>, f64);
  return add_case("row_" + name + of, row_case<O, T>, f64);
}

/// Adds the cases of all rows for one type that the row takes. Casts have cases of their own. Where one unit
/// with all rows would compile for minutes, each of `parts` units adds a share.
template <class T, int part = 0, int parts = 1> bool add_rows(const char* type_name) {
  bool any = false;
  const auto add = [&]<bf::op O>(std::integral_constant<bf::op, O>) {
    constexpr bf::takes takes = bf::vocabulary[static_cast<int>(O)].takes;
    if constexpr (O != bf::op::cast && O != bf::op::bit_cast && static_cast<int>(O) % parts == part &&
                  (!sanitized || O <= bf::op::normal_cdf)) {
      if constexpr (takes == bf::takes::number || (takes == bf::takes::real && std::is_floating_point_v<T>) ||
                    (takes == bf::takes::integer && std::is_integral_v<T>) ||
                    (takes == bf::takes::mask && std::is_same_v<T, std::int32_t>)) {
        any = add_row<O, T>(type_name);
      }
    }
  };
  [&]<int... K>(std::integer_sequence<int, K...>) {
    (add(std::integral_constant<bf::op, static_cast<bf::op>(K)>{}), ...);
  }
  (std::make_integer_sequence<int, bf::vocabulary_size>{});
  return any;
}

}  // namespace conformance
