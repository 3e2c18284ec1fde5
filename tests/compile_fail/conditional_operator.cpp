// expect: use bf::select\(condition, a, b\) instead of
// A kernel with ?: on a comparison.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<float> x) {
  return bf::map([](auto v) { return v < 0.0f ? -v : v; }, x);
}
