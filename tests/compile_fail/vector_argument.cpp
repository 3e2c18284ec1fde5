// expect: bf::map takes arrays, numbers, bf::whole
// A std::vector as an argument of map.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(const std::vector<float>& x) {
  return bf::map([](auto v) { return v; }, x);
}
