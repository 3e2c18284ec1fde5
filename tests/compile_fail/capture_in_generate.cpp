// expect: a kernel may not capture: pass it as an argument
// A kernel of generate that captures.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(float factor) {
  return bf::generate(bf::extents(10), [&](auto i) { return bf::cast<float>(i) * factor; });
}
