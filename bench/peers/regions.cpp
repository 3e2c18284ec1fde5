// A parallel region after a pause: the same loop, shared out by the library's pool, by OpenMP and by oneTBB.
#include <algorithm>
#include <chrono>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include "loops.hpp"
#include "ours.hpp"
#include "peers.hpp"

namespace busfare::peers {

void logistic(const float* x, float* out, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    float v = x[i];
    for (int step = 0; step < 64; ++step) v = 3.7f * v * (1.0f - v);
    out[i] = v;
  }
}

namespace {

// As many elements as one thread of this machine computes in half a millisecond, at its best.
std::uint64_t half_a_millisecond() {
  constexpr std::uint64_t tried = 8192;
  const auto x = numbers(tried, 12, 0.1f, 0.9f);
  vec out(tried);
  double best = 1;
  for (int i = 0; i < 20; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    logistic(x->data(), out.data(), tried);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return 1024 * std::max<std::uint64_t>(1, static_cast<std::uint64_t>(500e-6 / best * tried) / 1024);
}

// `measure` lets everybody's workers fall asleep before it times a run, which is the pause: 2 ms and more.
contest after_a_pause() {
  const std::uint64_t n = half_a_millisecond();
  const auto x = numbers(n, 12, 0.1f, 0.9f);
  contest k{"f32", n, our_logistic("cpu", x), {}, {}};
  const shared o1 = room(n), o2 = room(n), o3 = room(n);
  k.peers.push_back(writes("one thread", o1, [=] { logistic(x->data(), o1->data(), n); }));
  k.peers.push_back(writes("OpenMP", o2, [=] {
    constexpr long part = 256;
    const auto count = static_cast<long>(n);
#pragma omp parallel for schedule(static)
    for (long i = 0; i < count; i += part)
      logistic(x->data() + i, o2->data() + i, static_cast<std::size_t>(part));
  }));
  k.peers.push_back(writes("oneTBB parallel_for", o3, [=] {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, n, 256), [&](const auto& r) {
      logistic(x->data() + r.begin(), o3->data() + r.begin(), r.size());
    });
  }));
  return k;
}

}  // namespace

std::vector<planned_contest> region_contests() {
  return {{"0.5 ms of work, after a pause", "cpu", after_a_pause}};
}

}  // namespace busfare::peers
