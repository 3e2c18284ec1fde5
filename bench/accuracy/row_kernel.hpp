// One kernel per row of the vocabulary, and its scalar reading.
#pragma once

#include <cstdint>

#include <busfare/busfare.hpp>

namespace busfare::accuracy {

namespace bf = busfare;

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

}  // namespace busfare::accuracy
