// expect: seed, index and stream of random numbers are integers
// A random number with a float for a seed.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map([](auto v) { return bf::uniform<float>(v, 1); }, x);
}
