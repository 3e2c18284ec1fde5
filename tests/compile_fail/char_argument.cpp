// expect: this argument is none of them
// A char as an argument of map.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map([](auto v, auto c) { return v + c; }, x, 'a');
}
