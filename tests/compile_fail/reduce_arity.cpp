// expect: takes two values per array
// An operation of two values for two arrays.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x, bf::array<float> y) {
  return bf::reduce([](auto a, auto b) { return a + b; }, x, y);
}
