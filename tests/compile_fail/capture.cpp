// expect: a kernel may not capture: pass it as an argument
// A kernel that captures.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<float> x, float factor) {
  return bf::map([factor](auto v) { return v * factor; }, x);
}
