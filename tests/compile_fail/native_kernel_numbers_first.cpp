// expect: give a native kernel its arrays first, then its numbers
// A number before an array.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<float> x, bf::native_source source) {
  const bf::native_kernel scaled(
      bf::results<float>,
      [](const bf::native_part&, float by, std::span<const float> in, std::span<float> out) noexcept {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = by * in[i];
      },
      source);
  return bf::call(scaled, x.extents(), 2.0f, x);
}
