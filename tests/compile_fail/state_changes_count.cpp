// expect: must return as many values as its first state has
// A loop of two states whose step returns one.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map(
      [](auto v) {
        return std::get<0>(bf::fold(10, bf::state(v, v), [](auto a, auto b, auto) { return a + b; }));
      },
      x);
}
