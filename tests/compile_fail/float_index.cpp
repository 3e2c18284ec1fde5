// expect: a table is indexed by integers
// A table indexed by a float.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map([](auto v, auto t) { return t[v]; }, x, bf::whole(x));
}
