// expect: use bf::select\(condition, a, b\) instead of
// A kernel with an `if` on a value.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<float> x) {
  return bf::map(
      [](auto v) {
        if (v > 0.0f) return v;
        return -v;
      },
      x);
}
