// expect: values of different readings were mixed
// A symbol beside a pack.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::symbol<float> a, bf::pack<float, bf::isa::avx2> b) { return a + b; }
