// expect: a kernel returns a value, a comparison, or a std::tuple of them
// A kernel that returns a string.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x) {
  return bf::map([](auto) { return "no"; }, x);
}
