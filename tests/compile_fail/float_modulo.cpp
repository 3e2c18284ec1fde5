// expect: % takes integers
// % of floats.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map([](auto v) { return v % 2.0f; }, x);
}
