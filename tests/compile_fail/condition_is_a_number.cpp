// expect: a condition is needed here: compare the value
// select with a number as its condition.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map([](auto v) { return bf::select(v, v, -v); }, x);
}
