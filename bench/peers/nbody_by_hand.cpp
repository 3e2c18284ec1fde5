// N-body as a loop written for this processor: 32 bodies at a time in two wide vectors, the others one by
// one.
#include "loops.hpp"
#include "peers.hpp"

namespace busfare::peers {
namespace {

wide root(const wide& a) {
  wide r;
  for (int e = 0; e < 16; ++e) r[e] = __builtin_sqrtf(a[e]);
  return r;
}

struct pull_on {
  wide x, y, z, ax{}, ay{}, az{};

  void add(float from_x, float from_y, float from_z, float mass) {
    const wide dx = from_x - x, dy = from_y - y, dz = from_z - z;
    const wide inverse = 1.0f / root(dx * dx + dy * dy + dz * dz + 1e-3f);
    const wide pull = mass * inverse * inverse * inverse;
    ax += dx * pull;
    ay += dy * pull;
    az += dz * pull;
  }
};

}  // namespace

void nbody_by_hand(const float* x, const float* y, const float* z, const float* mass, float* out, long n) {
#pragma omp parallel for schedule(static)
  for (long i = 0; i < n; i += 32) {
    pull_on first{load(x + i), load(y + i), load(z + i)};
    pull_on second{load(x + i + 16), load(y + i + 16), load(z + i + 16)};
    for (long j = 0; j < n; ++j) {
      first.add(x[j], y[j], z[j], mass[j]);
      second.add(x[j], y[j], z[j], mass[j]);
    }
    const wide a = first.ax + first.ay + first.az, b = second.ax + second.ay + second.az;
    __builtin_memcpy(out + i, &a, sizeof a);
    __builtin_memcpy(out + i + 16, &b, sizeof b);
  }
}

}  // namespace busfare::peers
