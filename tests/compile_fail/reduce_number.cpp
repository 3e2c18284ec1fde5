// expect: bf::reduce takes arrays
// A number where an array is wanted.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::reduce([](auto a, auto b, auto c, auto d) { return std::make_tuple(a + c, b + d); }, x, 1.0f);
}
