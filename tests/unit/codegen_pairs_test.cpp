// Generated folds of neighbours: their text, and their results where there is an OpenCL device.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <busfare/error.hpp>

#include "core/dialect/emit.hpp"
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests
using core::fold_tree;

program_ptr difference_of(type t) {
  const value_type v = value_of(t);
  return traced({element(t), element(t)}, {t}, [&](trace_session& s) {
    return list{make(op::sub, v, {s.input(0), s.input(1)})};
  });
}

TEST(codegen_pairs, in_cuda) {
  core::generated g =
      core::emit_fold(nullptr, *difference_of(type::f32), std::array{type::f32}, "cuda", fold_tree::pairs);
  EXPECT_NE(g.entry,
            core::emit_fold(nullptr, *difference_of(type::f32), std::array{type::f32}, "cuda").entry);
  g.source.replace(g.source.find(g.entry), g.entry.size(), "ENTRY");
  EXPECT_EQ("\n" + g.source.substr(g.source.find("extern")), R"(
extern "C" __global__ __launch_bounds__(64) void ENTRY(const float* a0, float* r0, const unsigned long long first, const unsigned long long count, const unsigned long long shape0, const unsigned long long shape1, const unsigned long long shape2) {
  __shared__ float c0[772];
  const unsigned int j = (unsigned int)threadIdx.x;
  const unsigned long long b = blockIdx.x;
  if (b >= count / 4096 + (count % 4096 != 0)) return;
  const unsigned long long begin = first + b * 4096;
  const unsigned long long left = count - b * 4096;
  const unsigned int n = left < 4096 ? (unsigned int)left : 4096;
  unsigned int m, from, to;
  for (unsigned int at = 0; at < n; at += 1024) {
    const unsigned int here = n - at < 1024 ? n - at : 1024;
    for (unsigned int k = j; 2 * k < here; k += 64) {
      float x0;
      fold_element(&x0, a0, shape0, shape1, shape2, begin + at + 2 * k);
      if (2 * k + 1 < here) {
        float s0;
        fold_element(&s0, a0, shape0, shape1, shape2, begin + at + 2 * k + 1);
        fold_combine(&x0, x0, s0);
      }
      c0[k] = x0;
    }
    __syncthreads();
    m = here / 2 + here % 2;
    from = 0;
    to = 512;
    for (; m > 1; m = m / 2 + m % 2) {
      for (unsigned int k = j; k < m / 2; k += 64) {
        float s0;
        fold_combine(&s0, c0[from + 2 * k], c0[from + 2 * k + 1]);
        c0[to + k] = s0;
      }
      if (j == 0 && m % 2 != 0) {
        c0[to + m / 2] = c0[from + m - 1];
      }
      __syncthreads();
      const unsigned int next = to;
      to = from;
      from = next;
    }
    if (j == 0) {
      c0[768 + at / 1024] = c0[from];
    }
  }
  __syncthreads();
  m = n / 1024 + (n % 1024 != 0);
  from = 768;
  to = 0;
  for (; m > 1; m = m / 2 + m % 2) {
    for (unsigned int k = j; k < m / 2; k += 64) {
      float s0;
      fold_combine(&s0, c0[from + 2 * k], c0[from + 2 * k + 1]);
      c0[to + k] = s0;
    }
    if (j == 0 && m % 2 != 0) {
      c0[to + m / 2] = c0[from + m - 1];
    }
    __syncthreads();
    const unsigned int next = to;
    to = from;
    from = next;
  }
  if (j != 0) return;
  r0[b] = c0[from];
}
)");
}

// (a, b) then (c, d): (c a, c b + d).
program_ptr affine(type t) {
  const value_type v = value_of(t);
  return traced({element(t), element(t), element(t), element(t)}, {t, t}, [&](trace_session& s) {
    const symbol_id c = s.input(2);
    return list{make(op::mul, v, {c, s.input(0)}),
                make(op::add, v, {make(op::mul, v, {c, s.input(1)}), s.input(3)})};
  });
}

template <class P, class Op> P pair_tree(std::vector<P> x, Op op) {
  while (x.size() > 1) {
    std::vector<P> above;
    for (std::size_t k = 0; k + 1 < x.size(); k += 2) above.push_back(op(x[k], x[k + 1]));
    if (x.size() % 2 == 1) above.push_back(x.back());
    x = std::move(above);
  }
  return x[0];
}

constexpr std::size_t sizes[] = {1,   2,    3,    31,   63,   64,   65,   127,  129,  255,  256,  257,
                                 511, 1023, 1024, 1025, 2047, 2049, 3071, 4095, 4096, 4097, 8191, 10000};

template <class T> void expect_pairs(type t) {
  const unsigned seed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> real(-1, 1);
  for (const char* dialect : {"opencl-cpu", "opencl-gpu"}) {
    const bool cpu = std::string(dialect) == "opencl-cpu";
    ASSERT_EQ(cl().build(core::emit_fold(nullptr, *affine(t), std::array{t, t}, dialect, fold_tree::pairs)),
              "");
    for (const std::size_t n : sizes) {
      std::vector<T> a(n + 4096), b(n + 4096);
      for (std::size_t i = 0; i < a.size(); ++i) {
        a[i] = static_cast<T>((i % 3 == 0 ? -1 : 1) * (1 + real(random) / 1024));
        b[i] = static_cast<T>(real(random));
      }
      const std::size_t blocks = (n + 4095) / 4096;
      std::vector<T> zero(blocks);
      cl().array(a);
      cl().array(b);
      void *scale = cl().array(zero), *shift = cl().array(zero);
      cl().run(4096, n, {n, 1, 1}, cpu ? blocks : blocks * core::fold_lanes(*affine(t), fold_tree::pairs),
               cpu ? 0 : core::fold_lanes(*affine(t), fold_tree::pairs));
      const std::vector<T> scales = cl().template read<T>(scale, blocks),
                           shifts = cl().template read<T>(shift, blocks);
      for (std::size_t block = 0; block < blocks; ++block) {
        std::vector<std::pair<T, T>> x;
        for (std::size_t i = block * 4096; i < std::min(n, (block + 1) * 4096); ++i)
          x.emplace_back(a[4096 + i], b[4096 + i]);
        const auto want = pair_tree(x, [](const auto& l, const auto& r) {
          const T scaled = r.first * l.second;
          return std::pair<T, T>(r.first * l.first, scaled + r.second);
        });
        EXPECT_EQ(scales[block], want.first) << dialect << " " << n << " block " << block;
        EXPECT_EQ(shifts[block], want.second) << dialect << " " << n << " block " << block;
      }
    }
  }
}

TEST(codegen_pairs, neighbours_are_combined_in_order) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  expect_pairs<float>(type::f32);
  expect_pairs<double>(type::f64);
}

// Eight components of eight bytes: the smallest tiles, whose results are many.
TEST(codegen_pairs, many_components_take_small_tiles) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  constexpr std::size_t k = 8;
  const std::vector<type> types(k, type::u64);
  const program_ptr last =
      traced(std::vector<parameter>(2 * k, element(type::u64)), types, [](trace_session& s) {
        list r;
        for (std::size_t c = 0; c < k; ++c) {  // 3 l - r, wrapping
          const symbol_id l = s.input(static_cast<int>(c));
          r.push_back(
              make(op::sub, u64,
                   {make(op::mul, u64, {trace_literal(u64, 3), l}), s.input(static_cast<int>(k + c))}));
        }
        return r;
      });
  for (const char* dialect : {"opencl-cpu", "opencl-gpu"}) {
    const bool cpu = std::string(dialect) == "opencl-cpu";
    ASSERT_EQ(cl().build(core::emit_fold(nullptr, *last, types, dialect, fold_tree::pairs)), "");
    for (const std::size_t n : sizes) {
      std::vector<std::vector<std::uint64_t>> x(k, std::vector<std::uint64_t>(n));
      for (std::size_t c = 0; c < k; ++c)
        for (std::size_t i = 0; i < n; ++i) x[c][i] = (i * 2654435761u) ^ (c << 40);
      const std::size_t blocks = (n + 4095) / 4096;
      std::vector<std::uint64_t> zero(blocks);
      for (auto& each : x) cl().array(each);
      std::vector<void*> out;
      for (std::size_t c = 0; c < k; ++c) out.push_back(cl().array(zero));
      cl().run(0, n, {n, 1, 1}, cpu ? blocks : blocks * 64, cpu ? 0 : 64);
      for (std::size_t c = 0; c < k; ++c) {
        const auto got = cl().read<std::uint64_t>(out[c], blocks);
        for (std::size_t b = 0; b < blocks; ++b) {
          const auto from = x[c].begin() + static_cast<std::ptrdiff_t>(b * 4096);
          const std::vector<std::uint64_t> block(
              from, from + static_cast<std::ptrdiff_t>(std::min<std::size_t>(4096, n - b * 4096)));
          EXPECT_EQ(got[b], pair_tree(block, [](std::uint64_t l, std::uint64_t r) { return 3 * l - r; }))
              << dialect << " " << n << " component " << c << " block " << b;
        }
      }
    }
  }
}

}  // namespace
