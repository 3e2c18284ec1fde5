// What the hand-written loops of the cpu are made of: contenders over vectors, huge pages, streaming stores,
// several accumulators. For files that are built with -O3 -march=native and OpenMP.
#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <sys/mman.h>
#include <utility>
#include <vector>

#include "contest.hpp"

namespace busfare::peers {

using vec = std::vector<float>;
using shared = std::shared_ptr<vec>;

inline shared room(std::uint64_t n) { return std::make_shared<vec>(n); }

inline contender writes(std::string name, shared out, std::function<void()> run) {
  return {std::move(name), std::move(run), [out] { return sampled(out->data(), out->size()); }};
}
inline contender yields(std::string name, std::function<float()> run) {
  auto last = std::make_shared<float>();
  return {std::move(name), [last, run] { *last = run(); },
          [last] { return std::vector<double>{static_cast<double>(*last)}; }};
}

// The limits' memory: huge pages and aligned, touched by the threads that use it.
inline std::shared_ptr<float[]> huge(const vec* from, std::uint64_t n) {
  const std::size_t bytes = (n * sizeof(float) + (std::size_t{2} << 20) - 1) >> 21 << 21;
  auto* p = static_cast<float*>(std::aligned_alloc(std::size_t{2} << 20, bytes));
  if (p == nullptr) throw std::bad_alloc();
  madvise(p, bytes, MADV_HUGEPAGE);
  const auto count = static_cast<long>(n);
#pragma omp parallel for schedule(static)
  for (long i = 0; i < count; ++i) p[i] = from != nullptr ? (*from)[static_cast<std::size_t>(i)] : 0.0f;
  return {p, [](float* each) { std::free(each); }};
}

typedef float wide __attribute__((vector_size(64)));
inline void stream_store(float* to, const wide& v) {
#if defined(__AVX512F__)
  __builtin_ia32_movntps512(to, v);
#elif defined(__AVX__)
  typedef float half __attribute__((vector_size(32)));
  half h[2];
  __builtin_memcpy(h, &v, sizeof h);
  __builtin_ia32_movntps256(to, h[0]);
  __builtin_ia32_movntps256(to + 8, h[1]);
#else
  __builtin_memcpy(to, &v, sizeof v);
#endif
}
inline wide load(const float* p) {
  wide v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// n is a multiple of 64.
template <class F> void streamed(float* out, long n, F f) {
#pragma omp parallel for schedule(static)
  for (long i = 0; i < n; i += 16) stream_store(out + i, f(i));
  __builtin_ia32_sfence();
}

template <class F> float many_sums(long n, F f) {
  float total = 0;
#pragma omp parallel reduction(+ : total)
  {
    wide s0{}, s1{}, s2{}, s3{};
#pragma omp for schedule(static)
    for (long i = 0; i < n; i += 64) {
      s0 += f(i);
      s1 += f(i + 16);
      s2 += f(i + 32);
      s3 += f(i + 48);
    }
    s0 += s1 + s2 + s3;
    for (int k = 0; k < 16; ++k) total += s0[k];
  }
  return total;
}

inline contender streamed_limit(std::uint64_t n, std::function<void(float*)> run) {
  auto out = huge(nullptr, n);
  return {"hand-written, huge pages, streaming stores", [out, run] { run(out.get()); },
          [out, n] { return sampled(out.get(), n); }};
}

}  // namespace busfare::peers
