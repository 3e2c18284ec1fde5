// The same kernel in a second unit, which may be built with other flags than the first.
#include "kernel.hpp"

std::uint64_t second_unit_hash();

std::uint64_t second_unit_hash() {
  const std::vector<float> values = consumer::inputs();
  const busfare::array<float> x = busfare::copy_of(values);
  const busfare::array<float> y = busfare::map(busfare::on("cpu"), consumer::curve, x);
  return consumer::hash_of(y.host());
}
