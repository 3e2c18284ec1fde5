// expect: would change the value's type; cast the right side first
// An f32 += an f64.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map(
      [](auto v) {
        auto sum = v;
        sum += 2.0;
        return sum;
      },
      x);
}
