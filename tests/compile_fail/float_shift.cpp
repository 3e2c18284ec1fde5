// expect: << takes integers
// A shifted float.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map([](auto v) { return v << 2; }, x);
}
