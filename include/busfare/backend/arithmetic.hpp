// What a device's arithmetic really does, found by running it: operands, statements and the host's answers.
#pragma once

#include <array>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

namespace busfare::backend {

/// A verdict. A backend starts with all true and lets `judge` take away what the device does not do.
struct arithmetic {
  bool div_sqrt = false;   ///< division and square root are correctly rounded, f64 too where there is f64
  bool denormals = false;  ///< denormal operands and results are kept
  bool basic = false;      ///< + - * fma are exact and a * b + c is not contracted

  /// For a cache.
  [[nodiscard]] unsigned bits() const noexcept {
    return (div_sqrt ? 1u : 0u) | (denormals ? 2u : 0u) | (basic ? 4u : 0u);
  }
  static arithmetic from_bits(unsigned bits) noexcept {
    return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
  }
};

inline constexpr std::size_t arithmetic_triples = 64;
inline constexpr std::size_t arithmetic_results = 7;  ///< per triple

/// The probe's statements in any kernel language of C's family: `in` and `out` point to REAL, `i` is the
/// triple's index.
inline constexpr const char* arithmetic_statements = R"(
  const REAL a = in[3 * i], b = in[3 * i + 1], c = in[3 * i + 2];
  const REAL p = a * b;
  out[7 * i + 0] = a + b;
  out[7 * i + 1] = a - b;
  out[7 * i + 2] = p;
  out[7 * i + 3] = a / b;
  out[7 * i + 4] = sqrt(a);
  out[7 * i + 5] = fma(a, b, c);
  out[7 * i + 6] = p + c;
)";

namespace detail {

enum arithmetic_result : int { sum, difference, product, quotient, root, fused, stated };

// The host's own rounding and denormal modes may have been changed by the caller.
class plain_environment {
 public:
  plain_environment() {
    std::fegetenv(&kept_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~plain_environment() { std::fesetenv(&kept_); }
  plain_environment(const plain_environment&) = delete;
  plain_environment& operator=(const plain_environment&) = delete;

 private:
  std::fenv_t kept_{};
};

template <class Real> std::array<Real, arithmetic_results> arithmetic_answers(Real a0, Real b0, Real c0) {
  volatile Real a = a0, b = b0, c = c0;  // run time, and one operation each
  volatile Real p = a * b;
  volatile Real r[arithmetic_results];
  r[sum] = a + b;
  r[difference] = a - b;
  r[product] = p;
  r[quotient] = a / b;
  r[root] = std::sqrt(a);
  r[fused] = std::fma(a, b, c);
  r[stated] = p + c;
  std::array<Real, arithmetic_results> out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = r[i];
  return out;
}

template <class Real> bool same_value(Real x, Real y) {
  if (x != x || y != y) return x != x && y != y;
  return x == y && std::signbit(x) == std::signbit(y);
}

}  // namespace detail

/// 64 triples of hard values, then random ones of a fixed seed, about one in ten of them denormal.
template <class Real> std::vector<Real> arithmetic_operands() {
  const detail::plain_environment environment;
  using limits = std::numeric_limits<Real>;
  const Real least = limits::denorm_min(), normal = limits::min(), huge = limits::max(),
             e = limits::epsilon();
  const Real one = 1, three = 3;
  std::vector<Real> v{
      one,
      three,
      7,  // inexact quotients
      1 + e,
      1 - e,
      -1,  // a fused product differs in its last bits
      1 + e,
      1 + e,
      -(1 + 2 * e),
      normal,
      Real(0.5),
      least,
      normal,
      -normal / 2,
      normal,
      least,
      least,
      one,
      least * 5,
      Real(0.25),
      -least,
      huge,
      2,
      -huge,
      huge,
      normal,
      one,
      0,
      -one,
      0,
      -Real(0),
      0,
      least,
      limits::infinity(),
      2,
      one,
      limits::quiet_NaN(),
      one,
      one,
      normal * 3,
      normal,
      -least * 7,
      one / three,
      three,
      -one,
      10,
      3,
      Real(-10) / 3,
      2,
      2,
      -4,
      normal,
      huge,
      -one,
  };
  std::mt19937_64 next(20240607);
  while (v.size() < arithmetic_triples * 3) {
    const std::uint64_t bits = next();
    const int bias = limits::max_exponent - 1;
    const int exponent = next() % 10 == 0 ? -bias - 3 : static_cast<int>(next() % 40) - 20;
    const Real fraction = 1 + static_cast<Real>(bits >> 11) * Real(0x1p-53);
    v.push_back(std::ldexp((bits & 1) != 0 ? -fraction : fraction, exponent));
  }
  return v;
}

/// Compares what the device made of `in` (triples) with the host's answers; what differs is taken from
/// `found`.
template <class Real> void judge(std::span<const Real> in, std::span<const Real> out, arithmetic& found) {
  const detail::plain_environment environment;
  const auto is_denormal = [](Real x) { return std::fpclassify(x) == FP_SUBNORMAL; };
  for (std::size_t i = 0; 3 * i + 2 < in.size(); ++i) {
    const Real a = in[3 * i], b = in[3 * i + 1], c = in[3 * i + 2];
    const auto right = detail::arithmetic_answers(a, b, c);
    const bool small =
        is_denormal(a) || is_denormal(b) || is_denormal(c) || is_denormal(right[detail::product]);
    for (std::size_t r = 0; r < right.size(); ++r) {
      if (detail::same_value(out[arithmetic_results * i + r], right[r])) continue;
      if (small || is_denormal(right[r]))
        found.denormals = false;
      else if (r == detail::quotient || r == detail::root)
        found.div_sqrt = false;
      else
        found.basic = false;
    }
  }
}

}  // namespace busfare::backend
