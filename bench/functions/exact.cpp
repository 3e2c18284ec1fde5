// Errors in units in the last place, beside the C library's long double: see functions.hpp.
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "functions/functions.hpp"

namespace busfare::functions {
namespace {

using real = long double;

namespace exact {
using std::acos, std::asin, std::atan, std::atan2, std::cbrt, std::cos, std::cosh, std::erf, std::erfc,
    std::exp, std::exp2, std::expm1, std::hypot, std::log, std::log10, std::log1p, std::log2, std::pow,
    std::sin, std::sinh, std::sqrt, std::tan, std::tanh;
real normal_cdf(real x) { return erfc(x * -0.70710678118654752440084436210484904L) * 0.5L; }
real rsqrt(real x) { return 1.0L / sqrt(x); }
}  // namespace exact

template <class T> real ulp_at(real x) {
  using limits = std::numeric_limits<T>;
  const int exponent = x == 0 ? limits::min_exponent : std::max(std::ilogb(x) + 1, limits::min_exponent);
  return std::ldexp(real(1), exponent - limits::digits);
}

}  // namespace

template <class T>
double worst_ulp(const std::string& name, const operands<T>& x, const std::vector<double>& results) {
  const auto worst = [&](const auto& f) {
    real most = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const real right = f(i);
      const real error = std::abs(static_cast<real>(results[i]) - right) / ulp_at<T>(right);
      most = std::isnan(error) ? std::numeric_limits<real>::infinity() : std::max(most, error);
    }
    return static_cast<double>(most);
  };
#define ONE(function, low, high) \
  if (name == #function) return worst([&](std::size_t i) { return exact::function(real(x.a[i])); });
#define TWO(function, low, high, low2, high2) \
  if (name == #function)                      \
    return worst([&](std::size_t i) { return exact::function(real(x.a[i]), real(x.b[i])); });
#include "functions/functions.def"
#undef ONE
#undef TWO
  throw std::invalid_argument("no function is called " + name);
}

template double worst_ulp(const std::string&, const operands<float>&, const std::vector<double>&);
template double worst_ulp(const std::string&, const operands<double>&, const std::vector<double>&);

}  // namespace busfare::functions
