// expect: a kernel is a lambda or a function object without state
// A function pointer as a kernel.
#include <busfare/busfare.hpp>
namespace bf = busfare;

float twice(float v);
auto misuse(bf::array<float> x) { return bf::map(&twice, x); }
