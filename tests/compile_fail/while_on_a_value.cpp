// expect: bf::iterate instead of while
// A kernel with a `while` on a value.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<float> x) {
  return bf::map(
      [](auto v) {
        while (v > 1.0f) v = v * 0.5f;
        return v;
      },
      x);
}
