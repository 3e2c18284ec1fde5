// References for every f32: the C library's double functions, which are fast enough for all of them.
#pragma once

#include <cmath>

#include <busfare/program.hpp>

#include "accuracy/exact.hpp"

namespace busfare::accuracy {

/// The result of a row of one f32: a float where it is one value, a double where the row has a bound. The C
/// library errs by a few units of a double, 2^-29 of those of a float; normal_cdf by up to 1e-6 in its tail.
template <busfare::op O> auto double_reference(float x) {
  using busfare::op;
  const double d = x;
  if constexpr (busfare::vocabulary[static_cast<int>(O)].ulp == 0 && O != op::sqrt)
    return exact<O>(x, 0.0f, 0.0f);
  else if constexpr (O == op::sqrt)
    return static_cast<float>(std::sqrt(d));  // rounding twice is innocent with more than 2 * 24 + 2 bits
  else if constexpr (O == op::normal_cdf)
    return std::erfc(-d / std::sqrt(2.0)) / 2;
#define BUSFARE_DOUBLE(name) else if constexpr (O == op::name) return std::name(d);
  BUSFARE_DOUBLE(exp)
  BUSFARE_DOUBLE(log)
  BUSFARE_DOUBLE(exp2)
  BUSFARE_DOUBLE(expm1)
  BUSFARE_DOUBLE(log2)
  BUSFARE_DOUBLE(log10)
  BUSFARE_DOUBLE(log1p)
  BUSFARE_DOUBLE(sin)
  BUSFARE_DOUBLE(cos)
  BUSFARE_DOUBLE(tan)
  BUSFARE_DOUBLE(asin)
  BUSFARE_DOUBLE(acos)
  BUSFARE_DOUBLE(atan)
  BUSFARE_DOUBLE(sinh)
  BUSFARE_DOUBLE(cosh)
  BUSFARE_DOUBLE(tanh)
  BUSFARE_DOUBLE(cbrt)
  BUSFARE_DOUBLE(erf)
  BUSFARE_DOUBLE(erfc)
#undef BUSFARE_DOUBLE
  else return static_cast<double>(exact<O>(x, 0.0f, 0.0f));  // slower
}

}  // namespace busfare::accuracy
