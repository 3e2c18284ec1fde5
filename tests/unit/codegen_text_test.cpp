// The text of a few kernels, word for word: a change of generated code is seen here.
#include <array>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <busfare/value/trace.hpp>

#include "core/dialect/emit.hpp"

namespace {

using namespace busfare;
using namespace busfare::detail;
using backend::parameter_kind;

constexpr value_type f32 = value_type::f32, i32 = value_type::i32, mask = value_type::mask;

// x counted down by iterate, then divided by an element of a table.
program_ptr sample() {
  const std::array<backend::parameter, 3> arguments{{{parameter_kind::element, type::u8},
                                                     {parameter_kind::whole, type::i32},
                                                     {parameter_kind::number, type::i64}}};
  const type stored = type::u8;
  trace_session s(arguments, source_line::here());
  const symbol_id x = s.input(0), one = trace_literal(i32, 1);
  symbol_id state, result;
  trace_loop_begin(s.input(2), {&x, 1}, {&i32, 1}, {&state, 1}, nullptr);
  const symbol_id go = trace_op(op::lt, mask, {one, state}), next = trace_op(op::sub, i32, {state, one});
  trace_loop_finish(go, {&next, 1}, {&result, 1});
  const symbol_id r = trace_op(op::div, i32, {result, trace_lookup(1, i32, s.index(0))});
  return s.finish({&r, 1}, {&stored, 1});
}

program_ptr sum() {
  const std::array<backend::parameter, 2> arguments{
      {{parameter_kind::element, type::f32}, {parameter_kind::element, type::f32}}};
  const type stored = type::f32;
  trace_session s(arguments, source_line::here());
  const symbol_id r = trace_op(op::add, f32, {s.input(0), s.input(1)});
  return s.finish({&r, 1}, {&stored, 1});
}

std::string anonymous(core::generated g) {
  g.source.replace(g.source.find(g.entry), g.entry.size(), "ENTRY");
  return "\n" + g.source;
}

TEST(codegen_text, map_in_opencl) {
  EXPECT_EQ(anonymous(core::emit_map(*sample(), "opencl-gpu")), R"(
#pragma OPENCL FP_CONTRACT OFF
static int bf_div_i32(const int a, const int b) {
  const int c = (b == 0 || b == -1) ? 1 : b;
  const int q = a / c;
  return b == 0 ? 0 : (b == -1 ? (int)((uint)0 - (uint)a) : q);
}
static long bf_index(const long i, const long n) {
  return i < 0 ? 0 : (i < n ? i : n - 1);
}
__kernel void ENTRY(__global const uchar* a0, __global const int* restrict a1, const long n1, const long a2, __global uchar* r0, const ulong first, const ulong count, const ulong shape0, const ulong shape1, const ulong shape2) {
  const ulong e = get_global_id(0);
  if (e >= count) return;
  const ulong i = first + e;
  const int v0 = a0[i];
  const long v1 = a2;
  const int v3 = 1;
  int s1_0 = v0;
  for (long t1 = 0; t1 < v1; ++t1) {
    const int v2 = s1_0;
    const int v5 = (v3 < v2);
    if (!v5) break;
    const int v4 = (int)((uint)v2 - (uint)v3);
    s1_0 = v4;
  }
  const int v7 = s1_0;
  const long v8 = (long)(shape1 * shape2 == 1 ? i : i / (shape1 * shape2));
  const int v9 = (n1 > 0 ? a1[bf_index(v8, n1)] : 0);
  const int v10 = bf_div_i32(v7, v9);
  r0[i] = (uchar)v10;
}
)");
}

TEST(codegen_text, map_in_cuda) {
  EXPECT_EQ(anonymous(core::emit_map(*sample(), "cuda")), R"(
static __device__ __forceinline__ int bf_div_i32(const int a, const int b) {
  const int c = (b == 0 || b == -1) ? 1 : b;
  const int q = a / c;
  return b == 0 ? 0 : (b == -1 ? (int)((unsigned int)0 - (unsigned int)a) : q);
}
static __device__ __forceinline__ long long bf_index(const long long i, const long long n) {
  return i < 0 ? 0 : (i < n ? i : n - 1);
}
extern "C" __global__ void ENTRY(const unsigned char* a0, const int* __restrict__ a1, const long long n1, const long long a2, unsigned char* r0, const unsigned long long first, const unsigned long long count, const unsigned long long shape0, const unsigned long long shape1, const unsigned long long shape2) {
  const unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;
  for (unsigned long long e = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x; e < count; e += step) {
    const unsigned long long i = first + e;
    const int v0 = a0[i];
    const long long v1 = a2;
    const int v3 = 1;
    int s1_0 = v0;
    for (long long t1 = 0; t1 < v1; ++t1) {
      const int v2 = s1_0;
      const int v5 = (v3 < v2);
      if (!v5) break;
      const int v4 = (int)((unsigned int)v2 - (unsigned int)v3);
      s1_0 = v4;
    }
    const int v7 = s1_0;
    const long long v8 = (long long)(shape1 * shape2 == 1 ? i : i / (shape1 * shape2));
    const int v9 = (n1 > 0 ? a1[bf_index(v8, n1)] : 0);
    const int v10 = bf_div_i32(v7, v9);
    r0[i] = (unsigned char)v10;
  }
}
)");
}

TEST(codegen_text, wide_map_in_cuda) {
  EXPECT_EQ(anonymous(core::emit_map(*sum(), "cuda")), R"(
struct alignas(16) pack_f32 { float at[4]; };
extern "C" __global__ void ENTRY(const float* a0, const float* a1, float* r0, const unsigned long long first, const unsigned long long count, const unsigned long long shape0, const unsigned long long shape1, const unsigned long long shape2) {
  const unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;
  const unsigned long long packs = count / 4 + (count % 4 != 0);
  const bool aligned = (unsigned long long)(a0 + first) % 16 == 0 && (unsigned long long)(a1 + first) % 16 == 0 && (unsigned long long)(r0 + first) % 16 == 0;
  for (unsigned long long g = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x; g < packs; g += step) {
    const unsigned long long begin = first + g * 4, left = count - g * 4;
    const unsigned int n = left < 4 ? (unsigned int)left : 4;
    const bool is_whole = aligned && n == 4;
    pack_f32 x0;
    pack_f32 x1;
    pack_f32 y0;
    if (is_whole) {
      x0 = *(const pack_f32*)(a0 + begin);
      x1 = *(const pack_f32*)(a1 + begin);
    } else {
#pragma unroll
      for (unsigned int k = 0; k < 4; ++k) {
        x0.at[k] = k < n ? a0[begin + k] : (float)0;
        x1.at[k] = k < n ? a1[begin + k] : (float)0;
      }
    }
#pragma unroll
    for (unsigned int k = 0; k < 4; ++k) {
      const unsigned long long i = begin + k;
      const float v0 = x0.at[k];
      const float v1 = x1.at[k];
      const float v2 = (v0 + v1);
      y0.at[k] = v2;
    }
    if (is_whole) {
      *(pack_f32*)(r0 + begin) = y0;
    } else {
#pragma unroll
      for (unsigned int k = 0; k < 4; ++k) {
        if (k < n) r0[begin + k] = y0.at[k];
      }
    }
  }
}
)");
}

TEST(codegen_text, fold_in_opencl_for_a_cpu) {
  EXPECT_EQ(anonymous(core::emit_fold(nullptr, *sum(), std::array{type::f32}, "opencl-cpu")), R"(
#pragma OPENCL FP_CONTRACT OFF
static void fold_element(float* o0, __global const float* a0, const ulong shape0, const ulong shape1, const ulong shape2, const ulong i) {
  *o0 = a0[i];
}
static void fold_combine(float* o0, const float x0, const float x1) {
  const float v0 = x0;
  const float v1 = x1;
  const float v2 = (v0 + v1);
  *o0 = v2;
}
__kernel void ENTRY(__global const float* a0, __global float* r0, const ulong first, const ulong count, const ulong shape0, const ulong shape1, const ulong shape2) {
  const ulong b = get_global_id(0);
  if (b >= count / 4096 + (count % 4096 != 0)) return;
  const ulong begin = first + b * 4096;
  const ulong left = count - b * 4096;
  const uint n = left < 4096 ? (uint)left : 4096;
  const uint rows = n / 64, rest = n % 64;
  float c0[64];
  if (rows > 0) {
    for (uint j = 0; j < 64; ++j) {
      fold_element(&c0[j], a0, shape0, shape1, shape2, begin + j);
    }
    for (uint row = 1; row < rows; ++row) {
      for (uint j = 0; j < 64; ++j) {
        float x0;
        fold_element(&x0, a0, shape0, shape1, shape2, begin + row * 64 + j);
        fold_combine(&c0[j], c0[j], x0);
      }
    }
  }
  for (uint j = 0; j < rest; ++j) {
    float x0;
    fold_element(&x0, a0, shape0, shape1, shape2, begin + rows * 64 + j);
    if (rows > 0) {
      fold_combine(&c0[j], c0[j], x0);
    } else {
      c0[j] = x0;
    }
  }
  const uint held = rows > 0 ? 64 : rest;
  for (uint h = 64 / 2; h > 0; h /= 2) {
    for (uint j = 0; j < h; ++j) {
      if (j + h < held) {
        fold_combine(&c0[j], c0[j], c0[j + h]);
      }
    }
  }
  r0[b] = c0[0];
}
)");
}

TEST(codegen_text, fold_in_cuda) {
  EXPECT_EQ(anonymous(core::emit_fold(nullptr, *sum(), std::array{type::f32}, "cuda")), R"(
static __device__ __forceinline__ void fold_element(float* o0, const float* a0, const unsigned long long shape0, const unsigned long long shape1, const unsigned long long shape2, const unsigned long long i) {
  *o0 = a0[i];
}
static __device__ __forceinline__ void fold_combine(float* o0, const float x0, const float x1) {
  const float v0 = x0;
  const float v1 = x1;
  const float v2 = (v0 + v1);
  *o0 = v2;
}
extern "C" __global__ __launch_bounds__(64) void ENTRY(const float* a0, float* r0, const unsigned long long first, const unsigned long long count, const unsigned long long shape0, const unsigned long long shape1, const unsigned long long shape2) {
  __shared__ float c0[64];
  const unsigned int j = (unsigned int)threadIdx.x;
  const unsigned long long b = blockIdx.x;
  if (b >= count / 4096 + (count % 4096 != 0)) return;
  const unsigned long long begin = first + b * 4096;
  const unsigned long long left = count - b * 4096;
  const unsigned int n = left < 4096 ? (unsigned int)left : 4096;
  if (j < n) {
    float s0;
    fold_element(&s0, a0, shape0, shape1, shape2, begin + j);
    for (unsigned int e = j + 64; e < n; e += 64) {
      float x0;
      fold_element(&x0, a0, shape0, shape1, shape2, begin + e);
      fold_combine(&s0, s0, x0);
    }
    c0[j] = s0;
  }
  __syncthreads();
  for (unsigned int h = 64 / 2; h > 0; h /= 2) {
    if (j < h && j + h < n) {
      float s0;
      fold_combine(&s0, c0[j], c0[j + h]);
      c0[j] = s0;
    }
    __syncthreads();
  }
  if (j != 0) return;
  r0[b] = c0[0];
}
)");
}

TEST(codegen_text, entries_are_named_by_what_they_compute) {
  const auto p = sum();
  const core::generated map = core::emit_map(*p, "cuda"),
                        fold = core::emit_fold(nullptr, *p, std::array{type::f32}, "cuda");
  EXPECT_EQ(map.entry.size(), 19u);
  EXPECT_NE(map.entry, fold.entry);
  EXPECT_EQ(fold.entry, core::emit_fold(nullptr, *p, std::array{type::f32}, "opencl-cpu").entry);
}

}  // namespace
