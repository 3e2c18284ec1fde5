// The second reading: SIMD packs on compiler vectors, for one instruction set each.
//
// A pack has as many lanes as 4-byte elements fill `registers_per_pack` registers; 8-byte elements take twice
// as many
// ("parts"). Several registers give the processor independent chains of operations, above all in loops. No
// vector is wider than a register: g++ makes scalar code of those. Packs have a user-provided copy
// constructor, so that they cross calls by reference: at -O0 a vector returned across a target boundary would
// sit in registers that the other side does not read.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include <busfare/value/intrinsics.hpp>
#include <busfare/value/scalar.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

BUSFARE_INLINE_BEGIN
namespace busfare {

// One statement per register: p is its index. Spelled out, because at -O2 g++ leaves short loops rolled.
#define BUSFARE_PART(T, number, ...)            \
  if constexpr (number < detail::parts_of<T>) { \
    constexpr int p = number;                   \
    __VA_ARGS__;                                \
  }
#define BUSFARE_PARTS(T, ...)       \
  do {                              \
    BUSFARE_PART(T, 0, __VA_ARGS__) \
    BUSFARE_PART(T, 1, __VA_ARGS__) \
    BUSFARE_PART(T, 2, __VA_ARGS__) \
    BUSFARE_PART(T, 3, __VA_ARGS__) \
  } while (false)

template <class T, isa I> struct value<T, pack_reading<I>> {
  using element = T;
  static constexpr int lanes = detail::lanes_of<I>;
  detail::vector_t<T, I> part[detail::parts_of<T>];

  value() {}  // lanes are written before they are read
  value(const value& other) { BUSFARE_PARTS(T, part[p] = other.part[p]); }
  value& operator=(const value& other) {
    BUSFARE_PARTS(T, part[p] = other.part[p]);
    return *this;
  }
  BUSFARE_NO_TRUTH_VALUE
};

/// All bits of a lane are set or none.
template <isa I, int Bytes> struct mask<pack_reading<I>, Bytes> {
  using lane = detail::lane_integer<Bytes>;
  detail::vector_t<lane, I> part[detail::parts_of<lane>];

  mask() {}
  mask(const mask& other) { BUSFARE_PARTS(lane, part[p] = other.part[p]); }
  mask& operator=(const mask& other) {
    BUSFARE_PARTS(lane, part[p] = other.part[p]);
    return *this;
  }
  BUSFARE_NO_TRUTH_VALUE
};

/// AVX-512 compares into mask registers: one bit per lane, whatever the width; 16 lanes in each of `bits`.
template <int Bytes> struct mask<pack_reading<isa::avx512>, Bytes> {
  unsigned short bits[detail::registers_per_pack];
  BUSFARE_NO_TRUTH_VALUE
};

// Never empty: who makes one puts a zero in.
template <class T, isa I> struct table<T, pack_reading<I>> {
  using element = compute_t<T>;
  using reading = pack_reading<I>;
  const T* data;
  std::int64_t size;
  BUSFARE_TABLE_ACCESS
};

namespace detail {

template <isa I> struct operations<pack_reading<I>> {
  using R = pack_reading<I>;
  template <class T> using V = value<T, R>;
  template <class T> using M = mask<R, static_cast<int>(sizeof(T))>;
  template <class T> using vec = vector_t<T, I>;
  template <class T> using uvec = vector_t<unsigned_of<T>, I>;
  static constexpr int lanes = lanes_of<I>;
  template <class T> static constexpr int lanes_of_part = register_bytes<I> / static_cast<int>(sizeof(T));
  // An AVX-512 mask of 16 lanes serves one register of 4-byte elements or two of 8-byte ones.
  template <class T> static constexpr int bits_of(int p) { return sizeof(T) == 8 ? p / 2 : p; }
  template <class T> static constexpr int half_of(int p) { return sizeof(T) == 8 ? p % 2 : 0; }

  template <class T> static V<T> broadcast(T x) {
    V<T> r;
    BUSFARE_PARTS(T, intrinsics<I>::splat(r.part[p], x));
    return r;
  }

  template <class T> static void to_lanes(T* out, const V<T>& a) {
#if defined(__clang__)
    std::memcpy(out, a.part,
                sizeof a.part);  // clang keeps it whole, and would assume alignment of a reference
#else
    BUSFARE_PARTS(T, vector_at<I>(out + p * lanes_of_part<T>) = a.part[p]);
#endif
  }
  template <class T> static V<T> from_lanes(const T* in) {
    V<T> r;
#if defined(__clang__)
    std::memcpy(r.part, in, sizeof r.part);
#else
    BUSFARE_PARTS(T, r.part[p] = vector_at<I>(in + p * lanes_of_part<T>));
#endif
    return r;
  }
  // Past the caches; `out` is aligned to the register.
  template <class T> static void stream(T* out, const V<T>& a) {
    BUSFARE_PARTS(T, intrinsics<I>::stream(reinterpret_cast<float*>(out + p * lanes_of_part<T>),
                                           (vec<float>)a.part[p]));
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
#define BUSFARE_COMPARISON(name, sign, predicate)                                                        \
  template <class T> static M<T> name(const V<T>& a, const V<T>& b) {                                    \
    M<T> r;                                                                                              \
    if constexpr (I == isa::avx512) {                                                                    \
      BUSFARE_PARTS(T, (intrinsics<I>::template compare<predicate>(r.bits[bits_of<T>(p)], half_of<T>(p), \
                                                                   a.part[p], b.part[p], T{})));         \
    } else {                                                                                             \
      BUSFARE_PARTS(T, r.part[p] = (decltype(r.part[p] + 0))(a.part[p] sign b.part[p]));                 \
    }                                                                                                    \
    return r;                                                                                            \
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
        intrinsics<I>::blend(x, static_cast<unsigned short>(w.bits[bits_of<T>(p)] >> (8 * half_of<T>(p))),
                             (F)a.part[p], (F)b.part[p]);
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
  // For the definitions alone, in place of a comparison and a select.
  template <class T> static V<T> larger(const V<T>& a, const V<T>& b) {
    V<T> r;
    BUSFARE_PARTS(T, intrinsics<I>::larger(r.part[p], a.part[p], b.part[p]));
    return r;
  }
  template <class T> static V<T> smaller(const V<T>& a, const V<T>& b) {
    V<T> r;
    BUSFARE_PARTS(T, intrinsics<I>::smaller(r.part[p], a.part[p], b.part[p]));
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
      mask<R, To> r;
      BUSFARE_PARTS(std::int32_t, r.bits[p] = m.bits[p]);
      return r;
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
      BUSFARE_PARTS(std::int32_t, r.bits[p] = static_cast<unsigned short>(x.bits[p] sign y.bits[p]));      \
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
      BUSFARE_PARTS(std::int32_t, r.bits[p] = static_cast<unsigned short>(~a.bits[p]));
    else
      BUSFARE_PARTS(lane_integer<A>, r.part[p] = ~a.part[p]);
    return r;
  }
  template <int A> static bool any(const mask<R, A>& a) {
    if constexpr (I == isa::avx512) {
      unsigned all = 0;
      BUSFARE_PARTS(std::int32_t, all |= a.bits[p]);
      return all != 0;
    } else {
      vector_t<std::int32_t, I> all = (vector_t<std::int32_t, I>)a.part[0];
      BUSFARE_PARTS(lane_integer<A>, all |= (vector_t<std::int32_t, I>)a.part[p]);
      return intrinsics<I>::any(all);
    }
  }
  static mask<R, 4> from_bool(bool b) {
    mask<R, 4> r;
    if constexpr (I == isa::avx512)
      BUSFARE_PARTS(std::int32_t, r.bits[p] = static_cast<unsigned short>(b ? 0xffff : 0));
    else
      BUSFARE_PARTS(std::int32_t, intrinsics<I>::splat(r.part[p], b ? -1 : 0));
    return r;
  }
  template <int A> static V<std::int32_t> from_mask(const mask<R, A>& m) {
    if constexpr (I == isa::avx512) {
      return select(m, broadcast(std::int32_t{1}), broadcast(std::int32_t{0}));
    } else {
      V<std::int32_t> r;
      const mask<R, 4> w = width<4>(m);
      BUSFARE_PARTS(std::int32_t, r.part[p] = -w.part[p]);
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
      BUSFARE_PARTS(To, r.part[p] = __builtin_convertvector(a.part[p], vec<To>));
      return r;
    } else if constexpr (std::is_same_v<To, std::int32_t> && std::is_same_v<From, float>) {
      // The hardware gives INT_MIN for everything out of range; above and NaN are put right.
      V<To> r;
      BUSFARE_PARTS(To, r.part[p] = __builtin_convertvector(a.part[p], vec<To>));
      r = select(le(broadcast(2147483648.0f), a), broadcast(INT32_MAX), r);
      r = select(lt(a, broadcast(-2147483648.0f)), broadcast(INT32_MIN), r);
      r = select(eq(a, a), r, broadcast(std::int32_t{0}));
      return r;
    } else if constexpr (sizeof(To) == 8 && sizeof(From) == 4 &&
                         !(std::is_integral_v<To> && std::is_floating_point_v<From>)) {
      typedef From half __attribute__((vector_size(register_bytes<I> / 2)));
      half h[parts_of<To>];
      std::memcpy(h, a.part, sizeof h);
      V<To> r;
      BUSFARE_PARTS(To, r.part[p] = __builtin_convertvector(h[p], vec<To>));
      return r;
    } else if constexpr (sizeof(To) == 4 && sizeof(From) == 8 &&
                         (std::is_same_v<To, float> ? std::is_same_v<From, double>
                                                    : std::is_integral_v<From>)) {
      typedef To half __attribute__((vector_size(register_bytes<I> / 2)));
      half h[parts_of<From>];
      BUSFARE_PARTS(From, h[p] = __builtin_convertvector(a.part[p], half));
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

  // As minimum and maximum, which loops over a table compute without a branch.
  template <class S> static std::int64_t place_in(const table<S, R>& t, std::int64_t i) {
    const std::int64_t last = t.size - 1, low = i < 0 ? 0 : i;
    return low < last ? low : last;
  }
  template <class S> static V<compute_t<S>> lookup(const table<S, R>& t, const V<std::int64_t>& i) {
    std::int64_t at[lanes];
    compute_t<S> z[lanes];
    to_lanes(at, i);
    for (int k = 0; k < lanes; ++k) z[k] = widened(t.data[place_in(t, at[k])]);
    return from_lanes(z);
  }
  // The index is the same for all lanes: one load.
  template <class S> static scalar<compute_t<S>> lookup(const table<S, R>& t, const scalar<std::int64_t>& i) {
    return {widened(t.data[place_in(t, i.v)])};
  }
};

}  // namespace detail
}  // namespace busfare
BUSFARE_INLINE_END

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
