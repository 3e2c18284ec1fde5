// expect: runs on the pool's threads: make it noexcept
// The CPU form of a hand-written kernel that may throw.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<float> misuse(bf::array<float> x, bf::native_source source) {
  const bf::native_kernel twice(
      bf::results<float>,
      [](const bf::native_part&, std::span<const float> in, std::span<float> out) {
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = 2 * in[i];
      },
      source);
  return bf::call(twice, x.extents(), x);
}
