// The second reading: SIMD packs on compiler vectors, for one instruction set each.
//
// A pack has as many lanes as 4-byte elements fill a register; 8-byte elements take two registers ("parts").
// Wider vectors than a register are left to nobody: g++ makes scalar code of them. Packs have a user-provided
// copy constructor, so that they cross calls by reference: at -O0 a vector returned across a target boundary
// would sit in registers that the other side does not read.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <busfare/value/scalar.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace busfare {

namespace detail {

template <isa I> inline constexpr int register_bytes = I == isa::base ? 16 : I == isa::avx2 ? 32 : 64;
template <isa I> inline constexpr int lanes_of = register_bytes<I> / 4;

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

}  // namespace detail

template <class T, isa I> struct value<T, pack_reading<I>> {
  using element = T;
  static constexpr int lanes = detail::lanes_of<I>;
  detail::vector_t<T, I> part[sizeof(T) / 4];

  value() {}  // lanes are written before they are read
  value(const value& other) {
    part[0] = other.part[0];
    if constexpr (sizeof(T) == 8) part[1] = other.part[1];
  }
  value& operator=(const value& other) {
    part[0] = other.part[0];
    if constexpr (sizeof(T) == 8) part[1] = other.part[1];
    return *this;
  }
  BUSFARE_NO_TRUTH_VALUE
};

/// All bits of a lane are set or none.
template <isa I, int Bytes> struct mask<pack_reading<I>, Bytes> {
  detail::vector_t<detail::lane_integer<Bytes>, I> part[Bytes / 4];

  mask() {}
  mask(const mask& other) {
    part[0] = other.part[0];
    if constexpr (Bytes == 8) part[1] = other.part[1];
  }
  mask& operator=(const mask& other) {
    part[0] = other.part[0];
    if constexpr (Bytes == 8) part[1] = other.part[1];
    return *this;
  }
  BUSFARE_NO_TRUTH_VALUE
};

/// AVX-512 compares into mask registers: one bit per lane, whatever the width.
template <int Bytes> struct mask<pack_reading<isa::avx512>, Bytes> {
  unsigned short bits;
  BUSFARE_NO_TRUTH_VALUE
};

template <class T, isa I> struct table<T, pack_reading<I>> {
  using element = compute_t<T>;
  using reading = pack_reading<I>;
  const T* data;
  std::int64_t size;
  BUSFARE_TABLE_ACCESS
};

namespace detail {

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

// One statement for one register, or for two.
#define BUSFARE_PARTS(T, ...)       \
  do {                              \
    {                               \
      constexpr int p = 0;          \
      __VA_ARGS__;                  \
    }                               \
    if constexpr (sizeof(T) == 8) { \
      constexpr int p = 1;          \
      __VA_ARGS__;                  \
    }                               \
  } while (false)

template <isa I> struct operations<pack_reading<I>> {
  using R = pack_reading<I>;
  template <class T> using V = value<T, R>;
  template <class T> using M = mask<R, static_cast<int>(sizeof(T))>;
  template <class T> using vec = vector_t<T, I>;
  template <class T> using uvec = vector_t<unsigned_of<T>, I>;
  static constexpr int lanes = lanes_of<I>;

  template <class T> static V<T> broadcast(T x) {
    V<T> r;
    BUSFARE_PARTS(T, intrinsics<I>::splat(r.part[p], x));
    return r;
  }

  template <class T> static void to_lanes(T* out, const V<T>& a) {
    BUSFARE_PARTS(T, vector_at<I>(out + p * (register_bytes<I> / static_cast<int>(sizeof(T)))) = a.part[p]);
  }
  template <class T> static V<T> from_lanes(const T* in) {
    V<T> r;
    BUSFARE_PARTS(T, r.part[p] = vector_at<I>(in + p * (register_bytes<I> / static_cast<int>(sizeof(T)))));
    return r;
  }
  // An operation without a vector form: lane by lane, with the scalar reading's meaning.
  template <class To, class From, class F> static V<To> lanewise(F f, const V<From>& a, const V<From>& b) {
    From x[lanes], y[lanes];
    To z[lanes];
    to_lanes(x, a);
    to_lanes(y, b);
    for (int i = 0; i < lanes; ++i) z[i] = f(x[i], y[i]);
    return from_lanes(z);
  }

#define BUSFARE_WRAPPING(name, sign)                                                      \
  template <class T> static V<T> name(const V<T>& a, const V<T>& b) {                     \
    V<T> r;                                                                               \
    if constexpr (std::is_floating_point_v<T>)                                            \
      BUSFARE_PARTS(T, r.part[p] = a.part[p] sign b.part[p]);                             \
    else                                                                                  \
      BUSFARE_PARTS(T, r.part[p] = (vec<T>)((uvec<T>)a.part[p] sign(uvec<T>) b.part[p])); \
    return r;                                                                             \
  }
  BUSFARE_WRAPPING(add, +)
  BUSFARE_WRAPPING(sub, -)
  BUSFARE_WRAPPING(mul, *)
#undef BUSFARE_WRAPPING
#define BUSFARE_BITWISE(name, sign)                                   \
  template <class T> static V<T> name(const V<T>& a, const V<T>& b) { \
    V<T> r;                                                           \
    BUSFARE_PARTS(T, r.part[p] = a.part[p] sign b.part[p]);           \
    return r;                                                         \
  }
  BUSFARE_BITWISE(band, &)
  BUSFARE_BITWISE(bor, |)
  BUSFARE_BITWISE(bxor, ^)
#undef BUSFARE_BITWISE
#define BUSFARE_COMPARISON(name, sign, predicate)                                                           \
  template <class T> static M<T> name(const V<T>& a, const V<T>& b) {                                       \
    M<T> r;                                                                                                 \
    if constexpr (I == isa::avx512) {                                                                       \
      BUSFARE_PARTS(T, (intrinsics<I>::template compare<predicate>(r.bits, p, a.part[p], b.part[p], T{}))); \
    } else {                                                                                                \
      BUSFARE_PARTS(T, r.part[p] = (decltype(r.part[p] + 0))(a.part[p] sign b.part[p]));                    \
    }                                                                                                       \
    return r;                                                                                               \
  }
  BUSFARE_COMPARISON(lt, <, 1)
  BUSFARE_COMPARISON(le, <=, 2)
  BUSFARE_COMPARISON(eq, ==, 0)
  BUSFARE_COMPARISON(ne, !=, 4)
#undef BUSFARE_COMPARISON

  template <class T> static V<T> div(const V<T>& a, const V<T>& b) {
    if constexpr (std::is_floating_point_v<T>) {
      V<T> r;
      BUSFARE_PARTS(T, r.part[p] = a.part[p] / b.part[p]);
      return r;
    } else {
      return lanewise<T>([](T x, T y) { return total_div(x, y); }, a, b);
    }
  }
  template <class T> static V<T> mod(const V<T>& a, const V<T>& b) {
    return lanewise<T>([](T x, T y) { return total_mod(x, y); }, a, b);
  }
  template <class T> static V<T> neg(const V<T>& a) {
    V<T> r;
    if constexpr (std::is_floating_point_v<T>)
      BUSFARE_PARTS(T, r.part[p] = -a.part[p]);
    else
      BUSFARE_PARTS(T, r.part[p] = (vec<T>)(uvec<T>{} - (uvec<T>)a.part[p]));
    return r;
  }
  template <class T> static V<T> bnot(const V<T>& a) {
    V<T> r;
    BUSFARE_PARTS(T, r.part[p] = ~a.part[p]);
    return r;
  }
  template <class T> static V<T> shl(const V<T>& a, const V<T>& b) {
    V<T> r;
    BUSFARE_PARTS(T, r.part[p] = (vec<T>)((uvec<T>)a.part[p] << ((uvec<T>)b.part[p] & (sizeof(T) * 8 - 1))));
    return r;
  }
  template <class T> static V<T> shr(const V<T>& a, const V<T>& b) {
    V<T> r;
    BUSFARE_PARTS(T, r.part[p] = a.part[p] >> (vec<T>)((uvec<T>)b.part[p] & (sizeof(T) * 8 - 1)));
    return r;
  }

  template <class T, int B> static V<T> select(const mask<R, B>& m, const V<T>& a, const V<T>& b) {
    const M<T> w = width<static_cast<int>(sizeof(T))>(m);
    using F = vector_t<std::conditional_t<sizeof(T) == 4, float, double>, I>;
    V<T> r;
    if constexpr (I == isa::avx512) {
      BUSFARE_PARTS(T, {
        F x;
        intrinsics<I>::blend(x, static_cast<unsigned short>(w.bits >> (8 * p)), (F)a.part[p], (F)b.part[p]);
        r.part[p] = (vec<T>)x;
      });
    } else {
      BUSFARE_PARTS(T, {
        F x;
        intrinsics<I>::blend(x, (F)w.part[p], (F)a.part[p], (F)b.part[p]);
        r.part[p] = (vec<T>)x;
      });
    }
    return r;
  }
  template <class T> static V<T> abs(const V<T>& a) {
    V<T> r;
    if constexpr (std::is_floating_point_v<T>) {
      constexpr unsigned_of<T> sign = unsigned_of<T>(1) << (sizeof(T) * 8 - 1);
      BUSFARE_PARTS(T, r.part[p] = (vec<T>)((uvec<T>)a.part[p] & ~sign));
    } else if constexpr (std::is_signed_v<T>) {
      return select(lt(a, broadcast(T{})), neg(a), a);
    } else {
      r = a;
    }
    return r;
  }
  template <class T> static V<T> sqrt(const V<T>& a) {
    V<T> r;
    BUSFARE_PARTS(T, intrinsics<I>::sqrt(r.part[p], a.part[p]));
    return r;
  }
  template <class T> static V<T> floor(const V<T>& a) {
    if constexpr (I == isa::base) {
      return lanewise<T>([](T x, T) { return std::floor(x); }, a, a);
    } else {
      V<T> r;
      BUSFARE_PARTS(T, intrinsics<I>::floor(r.part[p], a.part[p]));
      return r;
    }
  }
  template <class T> static V<T> fma(const V<T>& a, const V<T>& b, const V<T>& c) {
    if constexpr (I == isa::base) {
      T x[lanes], y[lanes], z[lanes];
      to_lanes(x, a);
      to_lanes(y, b);
      to_lanes(z, c);
      for (int i = 0; i < lanes; ++i) x[i] = fma_exact(x[i], y[i], z[i]);
      return from_lanes(x);
    } else {
      V<T> r;
      BUSFARE_PARTS(T, intrinsics<I>::fma(r.part[p], a.part[p], b.part[p], c.part[p]));
      return r;
    }
  }

  // Masks keep the width that made them until they meet another one.
  template <int To, int From> static mask<R, To> width(const mask<R, From>& m) {
    if constexpr (To == From) {
      return m;
    } else if constexpr (I == isa::avx512) {
      return {m.bits};
    } else {
      lane_integer<From> x[lanes];
      lane_integer<To> y[lanes];
      std::memcpy(x, m.part, sizeof x);
      for (int i = 0; i < lanes; ++i) y[i] = static_cast<lane_integer<To>>(x[i]);
      mask<R, To> r;
      std::memcpy(r.part, y, sizeof y);
      return r;
    }
  }
#define BUSFARE_MASKS(name, sign)                                                                          \
  template <int A, int B> static mask<R, (A < B ? A : B)> name(const mask<R, A>& a, const mask<R, B>& b) { \
    constexpr int W = A < B ? A : B;                                                                       \
    const mask<R, W> x = width<W>(a), y = width<W>(b);                                                     \
    mask<R, W> r;                                                                                          \
    if constexpr (I == isa::avx512)                                                                        \
      r.bits = static_cast<unsigned short>(x.bits sign y.bits);                                            \
    else                                                                                                   \
      BUSFARE_PARTS(lane_integer<W>, r.part[p] = x.part[p] sign y.part[p]);                                \
    return r;                                                                                              \
  }
  BUSFARE_MASKS(land, &)
  BUSFARE_MASKS(lor, |)
#undef BUSFARE_MASKS
  template <int A> static mask<R, A> lnot(const mask<R, A>& a) {
    mask<R, A> r;
    if constexpr (I == isa::avx512)
      r.bits = static_cast<unsigned short>(~a.bits);
    else
      BUSFARE_PARTS(lane_integer<A>, r.part[p] = ~a.part[p]);
    return r;
  }
  template <int A> static bool any(const mask<R, A>& a) {
    if constexpr (I == isa::avx512) {
      return a.bits != 0;
    } else {
      vector_t<std::int32_t, I> all = (vector_t<std::int32_t, I>)a.part[0];
      if constexpr (A == 8) all |= (vector_t<std::int32_t, I>)a.part[1];
      return intrinsics<I>::any(all);
    }
  }
  static mask<R, 4> from_bool(bool b) {
    mask<R, 4> r;
    if constexpr (I == isa::avx512)
      r.bits = static_cast<unsigned short>(b ? 0xffff : 0);
    else
      intrinsics<I>::splat(r.part[0], b ? -1 : 0);
    return r;
  }
  template <int A> static V<std::int32_t> from_mask(const mask<R, A>& m) {
    if constexpr (I == isa::avx512) {
      return select(m, broadcast(std::int32_t{1}), broadcast(std::int32_t{0}));
    } else {
      V<std::int32_t> r;
      r.part[0] = -width<4>(m).part[0];
      return r;
    }
  }

  template <class To, class From> static V<To> cast(const V<From>& a) {
    if constexpr (std::is_same_v<To, From>) {
      return a;
    } else if constexpr (sizeof(To) == 4 && sizeof(From) == 4 && std::is_integral_v<To> &&
                         std::is_integral_v<From>) {
      return bit_cast<To>(a);
    } else if constexpr (sizeof(To) == 8 && sizeof(From) == 8 && std::is_integral_v<To> &&
                         std::is_integral_v<From>) {
      return bit_cast<To>(a);
    } else if constexpr (std::is_same_v<To, float> && std::is_same_v<From, std::int32_t>) {
      V<To> r;
      r.part[0] = __builtin_convertvector(a.part[0], vec<To>);
      return r;
    } else if constexpr (std::is_same_v<To, std::int32_t> && std::is_same_v<From, float>) {
      // The hardware gives INT_MIN for everything out of range; above and NaN are put right.
      V<To> r;
      r.part[0] = __builtin_convertvector(a.part[0], vec<To>);
      r = select(le(broadcast(2147483648.0f), a), broadcast(INT32_MAX), r);
      r = select(lt(a, broadcast(-2147483648.0f)), broadcast(INT32_MIN), r);
      r = select(eq(a, a), r, broadcast(std::int32_t{0}));
      return r;
    } else if constexpr (sizeof(To) == 8 && sizeof(From) == 4 &&
                         !(std::is_integral_v<To> && std::is_floating_point_v<From>)) {
      typedef From half __attribute__((vector_size(register_bytes<I> / 2)));
      half h[2];
      std::memcpy(h, a.part, sizeof h);
      V<To> r;
      r.part[0] = __builtin_convertvector(h[0], vec<To>);
      r.part[1] = __builtin_convertvector(h[1], vec<To>);
      return r;
    } else if constexpr (sizeof(To) == 4 && sizeof(From) == 8 &&
                         (std::is_same_v<To, float> ? std::is_same_v<From, double>
                                                    : std::is_integral_v<From>)) {
      typedef To half __attribute__((vector_size(register_bytes<I> / 2)));
      half h[2];
      h[0] = __builtin_convertvector(a.part[0], half);
      h[1] = __builtin_convertvector(a.part[1], half);
      V<To> r;
      std::memcpy(r.part, h, sizeof h);
      return r;
    } else {
      From x[lanes];
      To y[lanes];
      to_lanes(x, a);
      for (int i = 0; i < lanes; ++i) y[i] = total_cast<To>(x[i]);
      return from_lanes(y);
    }
  }
  template <class To, class From> static V<To> bit_cast(const V<From>& a) {
    V<To> r;
    BUSFARE_PARTS(To, r.part[p] = (vec<To>)a.part[p]);
    return r;
  }

  template <class S> static V<compute_t<S>> lookup(const table<S, R>& t, const V<std::int64_t>& i) {
    std::int64_t at[lanes];
    compute_t<S> z[lanes];
    to_lanes(at, i);
    for (int k = 0; k < lanes; ++k) {
      const std::int64_t j = at[k] < 0 ? 0 : at[k] < t.size ? at[k] : t.size - 1;
      z[k] = t.size == 0 ? compute_t<S>{} : static_cast<compute_t<S>>(t.data[t.size == 0 ? 0 : j]);
    }
    return from_lanes(z);
  }
  // The index is the same for all lanes: one load.
  template <class S> static scalar<compute_t<S>> lookup(const table<S, R>& t, const scalar<std::int64_t>& i) {
    return operations<scalar_reading>::lookup(table<S, scalar_reading>{t.data, t.size}, i);
  }
};

}  // namespace detail
}  // namespace busfare

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
