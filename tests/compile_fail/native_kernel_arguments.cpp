// expect: takes a const bf::native_part&, a std::span<const T> per array
// A call whose arguments are not those of the CPU's form.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<double> x, bf::native_source source) {
  const bf::native_kernel twice(
      bf::results<float>,
      [](const bf::native_part&, std::span<const float> in, std::span<float> out) noexcept {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = 2 * in[i];
      },
      source);
  return bf::call(twice, x.extents(), x);
}
