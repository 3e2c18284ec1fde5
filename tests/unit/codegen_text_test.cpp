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

constexpr value_type i32 = value_type::i32, mask = value_type::mask;

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

program_ptr sum(type stored = type::f32) {
  const std::array<backend::parameter, 2> arguments{
      {{parameter_kind::element, stored}, {parameter_kind::element, stored}}};
  trace_session s(arguments, source_line::here());
  const symbol_id r = trace_op(op::add, value_of(stored), {s.input(0), s.input(1)});
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

TEST(codegen_text, map_in_opencl_for_a_cpu) {
  EXPECT_EQ(anonymous(core::emit_map(*sample(), "opencl-cpu")), R"(
#pragma OPENCL FP_CONTRACT OFF
static int bf_div_i32(const int a, const int b) {
  const int c = (b == 0 || b == -1) ? 1 : b;
  const int q = a / c;
  return b == 0 ? 0 : (b == -1 ? (int)((uint)0 - (uint)a) : q);
}
static int16 bf_div_i32x16(const int16 a, const int16 b) {
  return (int16)(bf_div_i32(a.s0, b.s0), bf_div_i32(a.s1, b.s1), bf_div_i32(a.s2, b.s2), bf_div_i32(a.s3, b.s3), bf_div_i32(a.s4, b.s4), bf_div_i32(a.s5, b.s5), bf_div_i32(a.s6, b.s6), bf_div_i32(a.s7, b.s7), bf_div_i32(a.s8, b.s8), bf_div_i32(a.s9, b.s9), bf_div_i32(a.sa, b.sa), bf_div_i32(a.sb, b.sb), bf_div_i32(a.sc, b.sc), bf_div_i32(a.sd, b.sd), bf_div_i32(a.se, b.se), bf_div_i32(a.sf, b.sf));
}
static long bf_index(const long i, const long n) {
  return i < 0 ? 0 : (i < n ? i : n - 1);
}
static int16 bf_load_i32x16(__global const int* a) {
  struct __attribute__((packed, may_alias)) pack { int16 v; };
  return ((__global const struct pack*)a)->v;
}
static uchar16 bf_load_u8x16(__global const uchar* a) {
  struct __attribute__((packed, may_alias)) pack { uchar16 v; };
  return ((__global const struct pack*)a)->v;
}
static void bf_store_u8x16(__global uchar* a, const uchar16 v) {
  struct __attribute__((packed, may_alias)) pack { uchar16 v; };
  ((__global struct pack*)a)->v = v;
}
__kernel void ENTRY(__global const uchar* a0, __global const int* restrict a1, const long n1, const long a2, __global uchar* r0, const ulong first, const ulong count, const ulong shape0, const ulong shape1, const ulong shape2) {
  const ulong items = get_global_size(0), item = get_global_id(0);
  const ulong share = (count / items + (count % items != 0) + 15) / 16 * 16;
  if (item > count / share || item * share >= count) return;
  const ulong end = first + min(count, (item + 1) * share);
  const ulong step = (ulong)a0 == (ulong)r0 ? 16 : 1;
  for (ulong i = first + item * share; i < end;) {
    const ulong beyond = shape1 * shape2, place = beyond == 1 ? i : i / beyond, column = place;
    const ulong stop = min(end, i + (beyond == 1 ? shape0 - column : 1));
    const ulong start = i;
    while (i < stop) {
      int passes = stop - i >= 16;
      if (passes) {
        const long at = (long)(column + (i - start));
        const long v8 = at;
        passes = v8 >= 0 && v8 <= n1 - 16;
      }
      if (passes) {
        ulong last = step == 1 ? stop - 16 : i + ((stop - i) / 16 - 1) * 16;
        ulong good = 0, bad = (last - i) / step + 1, gap = 1;
        for (ulong probe = bad - 1; bad - good > 1;
             probe = (bad - good) / 2 > gap ? bad - gap : good + (bad - good) / 2) {
          const long at = (long)(column + (i + probe * step - start));
          const long v8 = at;
          if (v8 >= 0 && v8 <= n1 - 16) {
            good = probe;
            gap = bad;
          } else {
            bad = probe;
            gap = gap < bad ? 2 * gap : bad;
          }
        }
        last = i + good * step;
        for (;; i = min(step == 1 ? (i + 16) / 16 * 16 : i + 16, last)) {
          const long at = (long)(column + (i - start));
          const int16 v0 = convert_int16(bf_load_u8x16(a0 + i));
          const long v1 = a2;
          const int v3 = 1;
          int16 s1_0 = v0;
          int16 m1 = (int16)(-1);
          for (long t1 = 0; t1 < v1; ++t1) {
            const int16 v2 = s1_0;
            const int16 v5 = ((int16)(v3) < v2);
            m1 &= v5;
            if (!any(m1)) break;
            const int16 v4 = as_int16(as_uint16(v2) - as_uint16((int16)(v3)));
            s1_0 = m1 ? v4 : s1_0;
          }
          const int16 v7 = s1_0;
          const long v8 = at;
          const int16 v9 = bf_load_i32x16(a1 + v8);
          const int16 v10 = bf_div_i32x16(v7, v9);
          bf_store_u8x16(r0 + i, convert_uchar16(v10));
          if (i == last) break;
        }
        i += 16;
      } else {
        const long at = (long)(column + (i - start));
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
        const long v8 = at;
        const int v9 = (n1 > 0 ? a1[bf_index(v8, n1)] : 0);
        const int v10 = bf_div_i32(v7, v9);
        r0[i] = (uchar)v10;
        ++i;
      }
    }
  }
}
)");
}

TEST(codegen_text, whole_groups_of_a_cpu_ask_once) {
  EXPECT_EQ(anonymous(core::emit_map(*sum(type::u8), "opencl-cpu")), R"(
#pragma OPENCL FP_CONTRACT OFF
__kernel void ENTRY(__global const uchar* a0, __global const uchar* a1, __global uchar* r0, const ulong first, const ulong count, const ulong shape0, const ulong shape1, const ulong shape2) {
  const ulong e = get_global_id(0);
  const ulong i = first + e;
  if (get_global_offset(0) + (get_group_id(0) + 1) * get_local_size(0) <= count) {
    const int v0 = a0[i];
    const int v1 = a1[i];
    const int v2 = (int)((uint)v0 + (uint)v1);
    r0[i] = (uchar)v2;
  } else if (e < count) {
    const int v0 = a0[i];
    const int v1 = a1[i];
    const int v2 = (int)((uint)v0 + (uint)v1);
    r0[i] = (uchar)v2;
  }
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
static void bf_ahead(__global const void* a) {
#if defined(BUSFARE_STREAM_FROM) && defined(__has_builtin)
#if __has_builtin(__builtin_nontemporal_store) && __has_builtin(__builtin_ia32_sfence)
  __builtin_prefetch((__global const void*)((ulong)a + 2048), 0, 3);
#endif
#endif
}
static float16 bf_load_f32x16(__global const float* a) {
  struct __attribute__((packed, may_alias)) pack { float16 v; };
  return ((__global const struct pack*)a)->v;
}
static void fold_element(float* o0, __global const float* a0, const ulong shape0, const ulong shape1, const ulong shape2, const ulong i) {
  *o0 = a0[i];
}
static void fold_combine(float* o0, const float x0, const float x1) {
  const float v0 = x0;
  const float v1 = x1;
  const float v2 = (v0 + v1);
  *o0 = v2;
}
static void fold_elements(float16* o0, __global const float* a0, const ulong shape0, const ulong shape1, const ulong shape2, const ulong i) {
  bf_ahead(a0 + i);
  *o0 = bf_load_f32x16(a0 + i);
}
static void fold_combines(float16* o0, const float16 x0, const float16 x1) {
  const float16 v0 = x0;
  const float16 v1 = x1;
  const float16 v2 = (v0 + v1);
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
    float16 s0[4];
#pragma unroll
    for (uint q = 0; q < 4; ++q) {
      fold_elements(&s0[q], a0, shape0, shape1, shape2, begin + q * 16);
    }
    for (uint row = 1; row < rows; ++row) {
#pragma unroll
      for (uint q = 0; q < 4; ++q) {
        float16 x0;
        fold_elements(&x0, a0, shape0, shape1, shape2, begin + row * 64 + q * 16);
        fold_combines(&s0[q], s0[q], x0);
      }
    }
#pragma unroll
    for (uint q = 0; q < 4; ++q) {
      vstore16(s0[q], q, c0);
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
