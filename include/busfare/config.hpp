// What the compiler must offer, and the names that keep differently built translation units apart.
#pragma once

#if !defined(__GNUC__) || !(defined(__x86_64__) || defined(__aarch64__))
#error "busfare needs g++ >= 12 or clang >= 14 on a 64-bit target: its packs are compiler vectors"
#endif
#if __cplusplus < 202002L
#error "busfare needs C++20: add -std=c++20"
#endif

#define BUSFARE_VERSION_MAJOR 0
#define BUSFARE_VERSION_MINOR 1
#define BUSFARE_VERSION_PATCH 0
#define BUSFARE_VERSION "0.1.0"

// Visible from the shared library. Everything else is hidden.
#define BUSFARE_API __attribute__((visibility("default")))

// Whether the compiler has _Float16, and with it arrays of f16. nvcc takes the macro from the host compiler
// and does not know the type.
#if defined(__FLT16_MAX__) && !defined(__CUDACC__)
#define BUSFARE_HAS_F16 1
#else
#define BUSFARE_HAS_F16 0
#endif

// clang inlines every function between BEGIN and END into its callers; FLATTEN also what it calls, which is
// how users' lambdas get in. A pack that crosses a call goes through memory, and clang's `flatten` on a
// kernel's entry reaches only the calls written there. Functions that call intrinsics of one instruction set
// are never flattened: clang would inline those into functions that cannot hold them. g++'s `flatten` on the
// entry reaches everything.
#if defined(__clang__)
#define BUSFARE_INLINE_BEGIN \
  _Pragma("clang attribute push(__attribute__((always_inline)), apply_to = function)")
#define BUSFARE_INLINE_END _Pragma("clang attribute pop")
#define BUSFARE_FLATTEN_BEGIN \
  BUSFARE_INLINE_BEGIN _Pragma("clang attribute push(__attribute__((flatten)), apply_to = function)")
#define BUSFARE_FLATTEN_END _Pragma("clang attribute pop") BUSFARE_INLINE_END
#else
#define BUSFARE_INLINE_BEGIN
#define BUSFARE_INLINE_END
#define BUSFARE_FLATTEN_BEGIN
#define BUSFARE_FLATTEN_END
#endif

// Builds to which compile time matters more than the widest registers (sanitizers) say avx2: kernels then
// have no code for AVX-512, whose place that of AVX2 takes.
#if !defined(BUSFARE_WIDEST_ENTRY)
#define BUSFARE_WIDEST_ENTRY avx512
#endif

#define BUSFARE_PASTE_(a, b) a##b
#define BUSFARE_PASTE(a, b) BUSFARE_PASTE_(a, b)

// The flags of this translation unit, spelled as an identifier. Templates that hold generated loops live in
// an inline namespace of this name: units built with different flags then never share a weak symbol, so that
// neither the link order nor the strongest -march of a program decides what another unit runs.
#if defined(__clang__)
#define BUSFARE_TU_COMPILER clang
#else
#define BUSFARE_TU_COMPILER gcc
#endif
#if defined(__AVX512F__)
#define BUSFARE_TU_ARCH avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define BUSFARE_TU_ARCH avx2fma
#elif defined(__AVX2__)
#define BUSFARE_TU_ARCH avx2
#elif defined(__AVX__)
#define BUSFARE_TU_ARCH avx
#elif defined(__SSE4_2__)
#define BUSFARE_TU_ARCH sse42
#else
#define BUSFARE_TU_ARCH base
#endif
#if defined(__FAST_MATH__)
#define BUSFARE_TU_MATH _fast
#define BUSFARE_TU_FAST_MATH true
#else
#define BUSFARE_TU_MATH _strict
#define BUSFARE_TU_FAST_MATH false
#endif
#if defined(__OPTIMIZE__)
#define BUSFARE_TU_OPTIMIZE _opt
#else
#define BUSFARE_TU_OPTIMIZE _noopt
#endif
#define BUSFARE_TU                                                                       \
  BUSFARE_PASTE(BUSFARE_PASTE(BUSFARE_PASTE(BUSFARE_PASTE(tu_, BUSFARE_TU_COMPILER), _), \
                              BUSFARE_PASTE(BUSFARE_TU_ARCH, BUSFARE_TU_MATH)),          \
                BUSFARE_TU_OPTIMIZE)
