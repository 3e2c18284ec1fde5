// expect: the first state fixes the types: cast there or in the step
// A loop state that begins as an integer and goes on as a float.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<std::int32_t> x) {
  return bf::map([](auto v) { return bf::fold(10, v, [](auto s, auto) { return s * 1.5f; }); }, x);
}
