// expect: takes one index per axis, slowest first
// A kernel of generate without indices.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse() {
  return bf::generate(bf::extents(10), [] { return 1.0f; });
}
