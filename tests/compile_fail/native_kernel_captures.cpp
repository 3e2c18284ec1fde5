// expect: the CPU form of a native kernel is a lambda or a function object without state
// A hand-written kernel that captures.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<float> x, bf::native_source source, float by) {
  const bf::native_kernel scaled(
      bf::results<float>,
      [by](const bf::native_part&, std::span<const float> in, std::span<float> out) noexcept {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = by * in[i];
      },
      source);
  return bf::call(scaled, x.extents(), x);
}
