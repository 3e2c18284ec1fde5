// expect: it must have one parameter per argument of the algorithm
// A kernel of one parameter for two arrays.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x, bf::array<float> y) {
  return bf::map([](auto v) { return v; }, x, y);
}
