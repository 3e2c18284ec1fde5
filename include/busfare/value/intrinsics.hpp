// Compiler vectors, and the few operations on them that compilers have no generic spelling for.
#pragma once

#include <cstdint>
#include <type_traits>

#include <busfare/cpu_code.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace busfare::detail {

template <isa I> inline constexpr int register_bytes = I == isa::base ? 16 : I == isa::avx2 ? 32 : 64;
// Two registers of 4-byte elements: docs/decisions/0005-two-registers-a-pack.md.
inline constexpr int registers_per_pack = 2;
template <isa I> inline constexpr int lanes_of = registers_per_pack* register_bytes<I> / 4;
// Registers that a pack of T takes: its parts.
template <class T> inline constexpr int parts_of = registers_per_pack* static_cast<int>(sizeof(T)) / 4;

template <class T, isa I> struct vector_of {
  typedef T type __attribute__((vector_size(register_bytes<I>)));
};
template <class T, isa I> using vector_t = typename vector_of<T, I>::type;
// The same vector anywhere in memory. Packs are moved by these, not by memcpy: in code that is inlined into
// another target g++ has split a memcpy into 16-byte halves already, and a wide load after two narrow stores
// waits for both.
template <class T, isa I> struct anywhere {
  typedef T type __attribute__((vector_size(register_bytes<I>), aligned(alignof(T)), may_alias));
};
template <isa I, class T> const typename anywhere<T, I>::type& vector_at(const T* p) {
  return *reinterpret_cast<const typename anywhere<T, I>::type*>(p);
}
template <isa I, class T> typename anywhere<T, I>::type& vector_at(T* p) {
  return *reinterpret_cast<typename anywhere<T, I>::type*>(p);
}

template <int Bytes> using lane_integer = std::conditional_t<Bytes == 4, std::int32_t, std::int64_t>;
template <class T> using unsigned_of = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

// The few operations that compilers have no generic spelling for. By reference, for the reason above.
template <isa I> struct intrinsics;

template <> struct intrinsics<isa::base> {
  template <class V> static void blend(V& r, const V& m, const V& a, const V& b) {
    using bits = vector_t<std::int32_t, isa::base>;
    r = (V)(((bits)m & (bits)a) | (~(bits)m & (bits)b));
  }
  template <class V, class T> static void splat(V& r, T x) {
    if constexpr (sizeof(T) == 4)
      r = V{x, x, x, x};
    else
      r = V{x, x};
  }
  static void sqrt(vector_t<float, isa::base>& r, const vector_t<float, isa::base>& a) {
    r = __builtin_ia32_sqrtps(a);
  }
  static void sqrt(vector_t<double, isa::base>& r, const vector_t<double, isa::base>& a) {
    r = __builtin_ia32_sqrtpd(a);
  }
  // a > b ? a : b and a < b ? a : b: b where one is a NaN or both are equal.
  static void larger(vector_t<float, isa::base>& r, const vector_t<float, isa::base>& a,
                     const vector_t<float, isa::base>& b) {
    r = __builtin_ia32_maxps(a, b);
  }
  static void larger(vector_t<double, isa::base>& r, const vector_t<double, isa::base>& a,
                     const vector_t<double, isa::base>& b) {
    r = __builtin_ia32_maxpd(a, b);
  }
  static void smaller(vector_t<float, isa::base>& r, const vector_t<float, isa::base>& a,
                      const vector_t<float, isa::base>& b) {
    r = __builtin_ia32_minps(a, b);
  }
  static void smaller(vector_t<double, isa::base>& r, const vector_t<double, isa::base>& a,
                      const vector_t<double, isa::base>& b) {
    r = __builtin_ia32_minpd(a, b);
  }
  static void stream(float* p, const vector_t<float, isa::base>& a) {
#if defined(__clang__)
    __builtin_nontemporal_store(a, reinterpret_cast<vector_t<float, isa::base>*>(p));
#else
    __builtin_ia32_movntps(p, a);
#endif
  }
  static bool any(const vector_t<std::int32_t, isa::base>& a) {
    return __builtin_ia32_movmskps(reinterpret_cast<const vector_t<float, isa::base>&>(a)) != 0;
  }
};

#define BUSFARE_AVX2 __attribute__((target("avx2,fma")))
template <> struct intrinsics<isa::avx2> {
  using vf = vector_t<float, isa::avx2>;
  using vd = vector_t<double, isa::avx2>;
  BUSFARE_AVX2 static void blend(vf& r, const vf& m, const vf& a, const vf& b) {
    r = __builtin_ia32_blendvps256(b, a, m);
  }
  BUSFARE_AVX2 static void blend(vd& r, const vd& m, const vd& a, const vd& b) {
    r = __builtin_ia32_blendvpd256(b, a, m);
  }
  // Spelled lane by lane in a function of the right target: elsewhere g++ builds a splat by eight inserts.
  template <class V, class T> BUSFARE_AVX2 static void splat(V& r, T x) {
    if constexpr (sizeof(T) == 4)
      r = V{x, x, x, x, x, x, x, x};
    else
      r = V{x, x, x, x};
  }
  BUSFARE_AVX2 static void sqrt(vf& r, const vf& a) { r = __builtin_ia32_sqrtps256(a); }
  BUSFARE_AVX2 static void sqrt(vd& r, const vd& a) { r = __builtin_ia32_sqrtpd256(a); }
  BUSFARE_AVX2 static void larger(vf& r, const vf& a, const vf& b) { r = __builtin_ia32_maxps256(a, b); }
  BUSFARE_AVX2 static void larger(vd& r, const vd& a, const vd& b) { r = __builtin_ia32_maxpd256(a, b); }
  BUSFARE_AVX2 static void smaller(vf& r, const vf& a, const vf& b) { r = __builtin_ia32_minps256(a, b); }
  BUSFARE_AVX2 static void smaller(vd& r, const vd& a, const vd& b) { r = __builtin_ia32_minpd256(a, b); }
  BUSFARE_AVX2 static void floor(vf& r, const vf& a) { r = __builtin_ia32_roundps256(a, 9); }
  BUSFARE_AVX2 static void floor(vd& r, const vd& a) { r = __builtin_ia32_roundpd256(a, 9); }
  BUSFARE_AVX2 static void fma(vf& r, const vf& a, const vf& b, const vf& c) {
    r = __builtin_ia32_vfmaddps256(a, b, c);
  }
  BUSFARE_AVX2 static void fma(vd& r, const vd& a, const vd& b, const vd& c) {
    r = __builtin_ia32_vfmaddpd256(a, b, c);
  }
  BUSFARE_AVX2 static void stream(float* p, const vf& a) {
#if defined(__clang__)
    __builtin_nontemporal_store(a, reinterpret_cast<vf*>(p));
#else
    __builtin_ia32_movntps256(p, a);
#endif
  }
  BUSFARE_AVX2 static bool any(const vector_t<std::int32_t, isa::avx2>& a) {
    return __builtin_ia32_movmskps256(reinterpret_cast<const vf&>(a)) != 0;
  }
};

// All lanes; the two compilers declare the mask differently.
#if defined(__clang__)
#define BUSFARE_ALL16 static_cast<unsigned short>(0xffff)
#define BUSFARE_ALL8 static_cast<unsigned char>(0xff)
#else
#define BUSFARE_ALL16 static_cast<short>(-1)
#define BUSFARE_ALL8 static_cast<char>(-1)
#endif
#define BUSFARE_AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
template <> struct intrinsics<isa::avx512> {
  using vf = vector_t<float, isa::avx512>;
  using vd = vector_t<double, isa::avx512>;
  typedef int v16 __attribute__((vector_size(64)));
  typedef long long v8 __attribute__((vector_size(64)));
  // Predicates: 0 equal, 1 less, 2 less or equal, 4 not equal; a NaN is unequal to all and nothing else.
  template <int Predicate, class V, class T>
  BUSFARE_AVX512 static void compare(unsigned short& r, int half, const V& a, const V& b, T) {
    unsigned bits = 0;
    if constexpr (std::is_same_v<T, float>)
      bits = static_cast<unsigned short>(__builtin_ia32_cmpps512_mask(a, b, Predicate, BUSFARE_ALL16, 4));
    else if constexpr (std::is_same_v<T, double>)
      bits = static_cast<unsigned char>(__builtin_ia32_cmppd512_mask(a, b, Predicate, BUSFARE_ALL8, 4));
    else if constexpr (std::is_same_v<T, std::int32_t>)
      bits =
          static_cast<unsigned short>(__builtin_ia32_cmpd512_mask((v16)a, (v16)b, Predicate, BUSFARE_ALL16));
    else if constexpr (std::is_same_v<T, std::uint32_t>)
      bits =
          static_cast<unsigned short>(__builtin_ia32_ucmpd512_mask((v16)a, (v16)b, Predicate, BUSFARE_ALL16));
    else if constexpr (std::is_same_v<T, std::int64_t>)
      bits = static_cast<unsigned char>(__builtin_ia32_cmpq512_mask((v8)a, (v8)b, Predicate, BUSFARE_ALL8));
    else
      bits = static_cast<unsigned char>(__builtin_ia32_ucmpq512_mask((v8)a, (v8)b, Predicate, BUSFARE_ALL8));
    r = static_cast<unsigned short>(half == 0 ? bits : r | (bits << 8));
  }
#if defined(__clang__)
  BUSFARE_AVX512 static void blend(vf& r, unsigned short m, const vf& a, const vf& b) {
    r = __builtin_ia32_selectps_512(m, a, b);
  }
  BUSFARE_AVX512 static void blend(vd& r, unsigned short m, const vd& a, const vd& b) {
    r = __builtin_ia32_selectpd_512(static_cast<unsigned char>(m), a, b);
  }
#else
  BUSFARE_AVX512 static void blend(vf& r, unsigned short m, const vf& a, const vf& b) {
    r = __builtin_ia32_blendmps_512_mask(b, a, static_cast<short>(m));
  }
  BUSFARE_AVX512 static void blend(vd& r, unsigned short m, const vd& a, const vd& b) {
    r = __builtin_ia32_blendmpd_512_mask(b, a, static_cast<char>(m));
  }
#endif
  template <class V, class T> BUSFARE_AVX512 static void splat(V& r, T x) {
    if constexpr (sizeof(T) == 4)
      r = V{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
    else
      r = V{x, x, x, x, x, x, x, x};
  }
#if defined(__clang__)
  BUSFARE_AVX512 static void larger(vf& r, const vf& a, const vf& b) { r = __builtin_ia32_maxps512(a, b, 4); }
  BUSFARE_AVX512 static void larger(vd& r, const vd& a, const vd& b) { r = __builtin_ia32_maxpd512(a, b, 4); }
  BUSFARE_AVX512 static void smaller(vf& r, const vf& a, const vf& b) {
    r = __builtin_ia32_minps512(a, b, 4);
  }
  BUSFARE_AVX512 static void smaller(vd& r, const vd& a, const vd& b) {
    r = __builtin_ia32_minpd512(a, b, 4);
  }
#else
  BUSFARE_AVX512 static void larger(vf& r, const vf& a, const vf& b) {
    r = __builtin_ia32_maxps512_mask(a, b, a, BUSFARE_ALL16, 4);
  }
  BUSFARE_AVX512 static void larger(vd& r, const vd& a, const vd& b) {
    r = __builtin_ia32_maxpd512_mask(a, b, a, BUSFARE_ALL8, 4);
  }
  BUSFARE_AVX512 static void smaller(vf& r, const vf& a, const vf& b) {
    r = __builtin_ia32_minps512_mask(a, b, a, BUSFARE_ALL16, 4);
  }
  BUSFARE_AVX512 static void smaller(vd& r, const vd& a, const vd& b) {
    r = __builtin_ia32_minpd512_mask(a, b, a, BUSFARE_ALL8, 4);
  }
#endif
#if defined(__clang__)
  BUSFARE_AVX512 static void sqrt(vf& r, const vf& a) { r = __builtin_ia32_sqrtps512(a, 4); }
  BUSFARE_AVX512 static void sqrt(vd& r, const vd& a) { r = __builtin_ia32_sqrtpd512(a, 4); }
#else
  BUSFARE_AVX512 static void sqrt(vf& r, const vf& a) {
    r = __builtin_ia32_sqrtps512_mask(a, a, BUSFARE_ALL16, 4);
  }
  BUSFARE_AVX512 static void sqrt(vd& r, const vd& a) {
    r = __builtin_ia32_sqrtpd512_mask(a, a, BUSFARE_ALL8, 4);
  }
#endif
  BUSFARE_AVX512 static void floor(vf& r, const vf& a) {
    r = __builtin_ia32_rndscaleps_mask(a, 9, a, BUSFARE_ALL16, 4);
  }
  BUSFARE_AVX512 static void floor(vd& r, const vd& a) {
    r = __builtin_ia32_rndscalepd_mask(a, 9, a, BUSFARE_ALL8, 4);
  }
  BUSFARE_AVX512 static void fma(vf& r, const vf& a, const vf& b, const vf& c) {
    r = __builtin_ia32_vfmaddps512_mask(a, b, c, BUSFARE_ALL16, 4);
  }
  BUSFARE_AVX512 static void fma(vd& r, const vd& a, const vd& b, const vd& c) {
    r = __builtin_ia32_vfmaddpd512_mask(a, b, c, BUSFARE_ALL8, 4);
  }
  BUSFARE_AVX512 static void stream(float* p, const vf& a) {
#if defined(__clang__)
    __builtin_nontemporal_store(a, reinterpret_cast<vf*>(p));
#else
    __builtin_ia32_movntps512(p, a);
#endif
  }
};

}  // namespace busfare::detail

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
