// expect: one offset per axis, as many as it got radii
// A window of two axes that is called with one offset.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> u) {
  return bf::map([](auto w) { return w(1); }, bf::window(u, {1, 1}));
}
