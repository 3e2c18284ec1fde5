// Contests of arithmetic on the cpu: the same formulas as scalar loops under OpenMP, -O3 -march=native.
#include <cmath>

#include "loops.hpp"
#include "ours.hpp"
#include "peers.hpp"

namespace busfare::peers {
namespace {

float normal_cdf(float x) { return 0.5f * std::erfc(-x * 0.70710678f); }

contest mandelbrot() {
  const long rows = 768, columns = 1024;
  const auto n = static_cast<std::uint64_t>(rows * columns);
  contest k{"f32", n, our_mandelbrot("cpu", 768, 1024), {}, {}};
  k.strays = 0.02;  // -march=native contracts the peer's products, which moves pixels at the edge
  const auto out = std::make_shared<std::vector<float>>(n);
  k.peers.push_back(writes("OpenMP scalar", out, [=] {
    float* o = out->data();
#pragma omp parallel for schedule(dynamic, 8)
    for (long r = 0; r < rows; ++r)
      for (long c = 0; c < columns; ++c) {
        const float cx = (static_cast<float>(c) + 0.5f) / static_cast<float>(columns) * 3.0f - 2.25f;
        const float cy = (static_cast<float>(r) + 0.5f) / static_cast<float>(rows) * 2.5f - 1.25f;
        float x = 0, y = 0, steps = 0;
        for (int i = 0; i < 256 && x * x + y * y < 4.0f; ++i) {
          const float next = x * x - y * y + cx;
          y = 2.0f * x * y + cy;
          x = next;
          steps += 1.0f;
        }
        o[r * columns + c] = steps;
      }
  }));
  return k;
}

contest black_scholes(std::uint64_t n) {
  const auto spot = numbers(n, 20, 90, 110), strike = numbers(n, 21, 90, 110),
             years = numbers(n, 22, 0.5f, 2);
  contest k{"f32", n, our_black_scholes("cpu", spot, strike, years), {}, {}, 1e-3};
  const auto out = std::make_shared<std::vector<float>>(n);
  const auto count = static_cast<long>(n);
  k.peers.push_back(writes("OpenMP scalar", out, [=] {
    float* o = out->data();
    const float *s = spot->data(), *x = strike->data(), *t = years->data();
#pragma omp parallel for schedule(static)
    for (long i = 0; i < count; ++i) {
      const float d1 = (std::log(s[i] / x[i]) + 0.06f * t[i]) / (0.2f * std::sqrt(t[i]));
      const float d2 = d1 - 0.2f * std::sqrt(t[i]);
      o[i] = s[i] * normal_cdf(d1) - x[i] * std::exp(-0.05f * t[i]) * normal_cdf(d2);
    }
  }));
  return k;
}

contest nbody(std::uint64_t n) {
  const auto x = numbers(n, 30, -1, 1), y = numbers(n, 31, -1, 1), z = numbers(n, 32, -1, 1),
             mass = numbers(n, 33, 0.5f, 1.5f);
  contest k{"f32", n, our_nbody("cpu", x, y, z, mass), {}, {}, 5e-2};
  k.flops = 20.0 * static_cast<double>(n) * static_cast<double>(n);
  const shared o1 = room(n), o2 = room(n), o3 = room(n);
  const auto count = static_cast<long>(n);
  k.peers.push_back(writes("OpenMP, -fno-math-errno", o1, [=] {
    nbody_without_errno(x->data(), y->data(), z->data(), mass->data(), o1->data(), count);
  }));
  k.peers.push_back(writes("OpenMP, plain -O3", o2, [=] {
    nbody_with_errno(x->data(), y->data(), z->data(), mass->data(), o2->data(), count);
  }));
  k.limit = writes("hand-written, wide vectors", o3,
                   [=] { nbody_by_hand(x->data(), y->data(), z->data(), mass->data(), o3->data(), count); });
  return k;
}

}  // namespace

std::vector<planned_contest> compute_contests(std::uint64_t n) {
  return {{"mandelbrot, 256 steps", "cpu", mandelbrot},
          {"black_scholes", "cpu", [n] { return black_scholes(n / 16); }},
          {"nbody", "cpu", [] { return nbody(16384); }}};
}

}  // namespace busfare::peers
