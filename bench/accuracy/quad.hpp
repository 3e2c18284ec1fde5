// The arithmetic of the references: __float128 with libquadmath where it is, else long double.
#pragma once

#include <cmath>
#include <limits>

#if defined(__x86_64__) && !defined(BUSFARE_NO_QUADMATH)
__extension__ typedef __float128 busfare_quad;
#define BUSFARE_QUAD(name) busfare_quad name##q(busfare_quad) noexcept;
#define BUSFARE_QUAD_OF_TWO(name) busfare_quad name##q(busfare_quad, busfare_quad) noexcept;
extern "C" {
#else
typedef long double busfare_quad;
#define BUSFARE_QUAD(name) \
  inline busfare_quad name##q(busfare_quad x) noexcept { return std::name(x); }
#define BUSFARE_QUAD_OF_TWO(name) \
  inline busfare_quad name##q(busfare_quad x, busfare_quad y) noexcept { return std::name(x, y); }
#endif
BUSFARE_QUAD(exp)
BUSFARE_QUAD(log)
BUSFARE_QUAD(sqrt)
BUSFARE_QUAD(exp2)
BUSFARE_QUAD(expm1)
BUSFARE_QUAD(log2)
BUSFARE_QUAD(log10)
BUSFARE_QUAD(log1p)
BUSFARE_QUAD(sin)
BUSFARE_QUAD(cos)
BUSFARE_QUAD(tan)
BUSFARE_QUAD(asin)
BUSFARE_QUAD(acos)
BUSFARE_QUAD(atan)
BUSFARE_QUAD(sinh)
BUSFARE_QUAD(cosh)
BUSFARE_QUAD(tanh)
BUSFARE_QUAD(cbrt)
BUSFARE_QUAD(erf)
BUSFARE_QUAD(erfc)
BUSFARE_QUAD_OF_TWO(atan2)
BUSFARE_QUAD_OF_TWO(hypot)
BUSFARE_QUAD_OF_TWO(pow)
#if defined(__x86_64__) && !defined(BUSFARE_NO_QUADMATH)
}
#endif
#undef BUSFARE_QUAD
#undef BUSFARE_QUAD_OF_TWO

namespace busfare::accuracy {

using quad = busfare_quad;
/// Significant bits of a quad: 113, or 64 on x86 without libquadmath.
#if defined(__x86_64__) && !defined(BUSFARE_NO_QUADMATH)
inline constexpr int quad_digits = 113;
#else
inline constexpr int quad_digits = std::numeric_limits<long double>::digits;
#endif

}  // namespace busfare::accuracy
