// expect: a kernel may not capture: pass it as an argument
// A reduction operation that captures.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x, float factor) {
  return bf::reduce([=](auto a, auto b) { return a + b * factor; }, x);
}
