// expect: returns one value per array, several as a std::tuple
// An operation over two arrays that gives one value.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto misuse(bf::array<float> x, bf::array<float> y) {
  return bf::reduce([](auto a, auto b, auto c, auto d) { return a * c + b * d; }, x, y);
}
