// expect: the offsets of a window are integers
// A window that is called with a float.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> u) {
  return bf::map([](auto w) { return w(0.5f); }, bf::window(u, 1));
}
