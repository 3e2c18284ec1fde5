// Streaming contests on the cpu: triad, saxpy, sum, dot, a chain of five maps. Built with -O3 -march=native
// and -fno-math-errno, without which g++ leaves square roots scalar.
#include <algorithm>
#include <cmath>
#include <execution>
#include <numeric>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include "loops.hpp"
#include "ours.hpp"
#include "peers.hpp"

namespace busfare::peers {
namespace {

using range = tbb::blocked_range<std::size_t>;

contest triad(std::uint64_t n) {
  const auto b = numbers(n, 1, -1, 1), c = numbers(n, 2, -1, 1);
  const float s = 3.0f / 7.0f;
  const auto count = static_cast<long>(n);
  contest k{"f32", n, our_triad("cpu", b, c, s), {}, {}};
  const shared o1 = room(n), o2 = room(n), o3 = room(n);
  k.peers.push_back(writes("OpenMP", o1, [=] {
    float* a = o1->data();
    const float *pb = b->data(), *pc = c->data();
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) a[i] = pb[i] + s * pc[i];
  }));
  k.peers.push_back(writes("oneTBB parallel_for", o2, [=] {
    tbb::parallel_for(range(0, n), [&](const range& r) {
      for (std::size_t i = r.begin(); i < r.end(); ++i) (*o2)[i] = (*b)[i] + s * (*c)[i];
    });
  }));
  k.peers.push_back(writes("std::transform par_unseq", o3, [=] {
    std::transform(std::execution::par_unseq, b->begin(), b->end(), c->begin(), o3->begin(),
                   [s](float x, float y) { return x + s * y; });
  }));
  const auto hb = huge(b.get(), n), hc = huge(c.get(), n);
  k.limit = streamed_limit(n, [=](float* out) {
    streamed(out, count,
             [pb = hb.get(), pc = hc.get(), s](long i) { return load(pb + i) + s * load(pc + i); });
  });
  return k;
}

contest saxpy(std::uint64_t n) {
  const auto x = numbers(n, 4, -1, 1), y = numbers(n, 5, -1, 1);
  const float s = 0.75f;
  const auto count = static_cast<long>(n);
  contest k{"f32", n, our_saxpy("cpu", x, y, s), {}, {}};
  const shared o1 = room(n), o2 = room(n), o3 = room(n);
  k.peers.push_back(writes("OpenMP", o1, [=] {
    float* a = o1->data();
    const float *px = x->data(), *py = y->data();
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) a[i] = s * px[i] + py[i];
  }));
  k.peers.push_back(writes("oneTBB parallel_for", o2, [=] {
    tbb::parallel_for(range(0, n), [&](const range& r) {
      for (std::size_t i = r.begin(); i < r.end(); ++i) (*o2)[i] = s * (*x)[i] + (*y)[i];
    });
  }));
  k.peers.push_back(writes("std::transform par_unseq", o3, [=] {
    std::transform(std::execution::par_unseq, x->begin(), x->end(), y->begin(), o3->begin(),
                   [s](float p, float q) { return s * p + q; });
  }));
  const auto hx = huge(x.get(), n), hy = huge(y.get(), n);
  k.limit = streamed_limit(n, [=](float* out) {
    streamed(out, count,
             [px = hx.get(), py = hy.get(), s](long i) { return s * load(px + i) + load(py + i); });
  });
  return k;
}

contest sum(std::uint64_t n) {
  const auto x = numbers(n, 6, 0, 1);
  const auto count = static_cast<long>(n);
  contest k{"f32", n, our_sum("cpu", x), {}, {}};
  k.tolerance = 1e-2;  // one chain of 2^24 additions loses that much
  k.peers.push_back(yields("OpenMP reduction", [=] {
    float total = 0;
    const float* p = x->data();
#pragma omp parallel for simd reduction(+ : total) schedule(static)
    for (long i = 0; i < count; ++i) total += p[i];
    return total;
  }));
  k.peers.push_back(yields("oneTBB parallel_reduce", [=] {
    return tbb::parallel_reduce(
        range(0, n), 0.0f,
        [&](const range& r, float t) {
          for (std::size_t i = r.begin(); i < r.end(); ++i) t += (*x)[i];
          return t;
        },
        std::plus<>());
  }));
  k.peers.push_back(yields("std::reduce par_unseq", [=] {
    return std::reduce(std::execution::par_unseq, x->begin(), x->end(), 0.0f);
  }));
  const auto h = huge(x.get(), n);
  k.limit = yields("read, four wide accumulators",
                   [=] { return many_sums(count, [p = h.get()](long i) { return load(p + i); }); });
  return k;
}

contest dot(std::uint64_t n) {
  const auto x = numbers(n, 7, 0, 1), y = numbers(n, 8, 0, 1);
  const auto count = static_cast<long>(n);
  contest k{"f32", n, our_dot("cpu", x, y), {}, {}};
  k.tolerance = 5e-2;  // one chain near 4e6 drops most of each 0.25
  k.peers.push_back(yields("OpenMP, BabelStream's shape", [=] {
    float total = 0;
    const float *px = x->data(), *py = y->data();
#pragma omp parallel for reduction(+ : total) schedule(static)
    for (long i = 0; i < count; ++i) total += px[i] * py[i];
    return total;
  }));
  k.peers.back().loses_digits = true;  // from 2^26 elements on: one chain a thread
  k.peers.push_back(yields("OpenMP simd reduction", [=] {
    float total = 0;
    const float *px = x->data(), *py = y->data();
#pragma omp parallel for simd reduction(+ : total) schedule(static)
    for (long i = 0; i < count; ++i) total += px[i] * py[i];
    return total;
  }));
  k.peers.push_back(yields("std::transform_reduce par_unseq", [=] {
    return std::transform_reduce(std::execution::par_unseq, x->begin(), x->end(), y->begin(), 0.0f);
  }));
  const auto hx = huge(x.get(), n), hy = huge(y.get(), n);
  k.limit = yields("read, four wide accumulators", [=] {
    return many_sums(count, [px = hx.get(), py = hy.get()](long i) { return load(px + i) * load(py + i); });
  });
  return k;
}

contest chain(std::uint64_t n) {
  const auto x = numbers(n, 9, 0, 1);
  const auto count = static_cast<long>(n);
  contest k{"f32", n, our_chain("cpu", x), {}, {}};
  const shared o1 = room(n), o2 = room(n);
  k.peers.push_back(writes("OpenMP, five loops", o1, [=] {
    const float* p = x->data();
    float* a = o1->data();
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) a[i] = p[i] * 2.0f + 1.0f;
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) a[i] = a[i] * a[i];
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) a[i] = a[i] + 0.25f;
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) a[i] = std::sqrt(a[i]);
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) a[i] = a[i] * 0.5f - 3.0f;
  }));
  k.peers.push_back(writes("OpenMP, one hand-fused loop", o2, [=] {
    const float* p = x->data();
    float* a = o2->data();
#pragma omp parallel for simd schedule(static)
    for (long i = 0; i < count; ++i) {
      const float v = p[i] * 2.0f + 1.0f;
      a[i] = std::sqrt(v * v + 0.25f) * 0.5f - 3.0f;
    }
  }));
  const auto h = huge(x.get(), n);
  k.limit = streamed_limit(n, [=](float* out) {
    streamed(out, count, [p = h.get()](long i) {
      const wide v = load(p + i) * 2.0f + 1.0f, w = v * v + 0.25f;
      wide r;
      for (int e = 0; e < 16; ++e) r[e] = __builtin_sqrtf(w[e]);
      return r * 0.5f - 3.0f;
    });
  });
  return k;
}

contest small() {
  const std::uint64_t n = 1000;
  const auto a = numbers(n, 10, -1, 1), b = numbers(n, 11, -1, 1);
  contest k{"f32", n, our_small_map("cpu", a, b), {}, {}};
  k.repeat = 2000;
  const shared o1 = room(n), o2 = room(n);
  k.peers.push_back(writes("oneTBB parallel_for", o1, [=] {
    tbb::parallel_for(range(0, n), [&](const range& r) {
      for (std::size_t i = r.begin(); i < r.end(); ++i) (*o1)[i] = (*a)[i] * 2.0f + (*b)[i];
    });
  }));
  k.limit = writes("plain loop", o2, [=] {
    float* o = o2->data();
    const float *pa = a->data(), *pb = b->data();
    for (std::size_t i = 0; i < n; ++i) o[i] = pa[i] * 2.0f + pb[i];
    asm volatile("" : : "r"(o) : "memory");
  });
  return k;
}

}  // namespace

std::vector<planned_contest> streaming_contests(std::uint64_t n) {
  n = std::max<std::uint64_t>(64, n / 64 * 64);
  return {{"triad", "cpu", [n] { return triad(n); }},
          {"saxpy", "cpu", [n] { return saxpy(n); }},
          {"sum", "cpu", [n] { return sum(n); }},
          {"dot", "cpu", [n] { return dot(n); }},
          {"chain5", "cpu", [n] { return chain(n); }}};
}

std::vector<planned_contest> small_contests() { return {{"map of 1000, recorded and read", "cpu", small}}; }

}  // namespace busfare::peers
