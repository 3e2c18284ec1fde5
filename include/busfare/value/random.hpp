// Random numbers for kernels: pure functions of (seed, index, stream), so that no order, device or number of
// threads changes them, and any of them can be had again.
#pragma once

#include <cstdint>
#include <tuple>
#include <type_traits>

#include <busfare/value/math.hpp>

BUSFARE_FLATTEN_BEGIN
namespace busfare {
namespace detail {

template <class R> struct philox_words { value<std::uint32_t, R> w[4]; };

/// The upper and the lower half of a * m.
template <class R> struct wide_product { value<std::uint32_t, R> hi, lo; };
template <class R> wide_product<R> times(const value<std::uint32_t, R>& a, std::uint32_t m) {
  using W = value<std::uint64_t, R>;
  if constexpr (std::is_same_v<R, symbol_reading> || std::is_same_v<R, scalar_reading>) {
    const W p = to<std::uint64_t, R>(a) * std::uint64_t{m};
    return {to<std::uint32_t, R>(p >> 32), to<std::uint32_t, R>(p)};
  } else {
    // The same from halves: packs have no instruction for the upper one, and wide lanes take six times as
    // long.
    const std::uint32_t ml = m & 0xffffu, mh = m >> 16;
    const auto al = a & 0xffffu, ah = a >> 16;
    const auto u = ah * ml + ((al * ml) >> 16), v = al * mh + (u & 0xffffu);
    return {ah * mh + (u >> 16) + (v >> 16), a * m};
  }
}

// Philox4x32 with 10 rounds: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC11.
template <class R>
philox_words<R> philox(philox_words<R> c, value<std::uint32_t, R> key0, value<std::uint32_t, R> key1) {
  for (int round = 0; round < 10; ++round) {
    const wide_product<R> a = times(c.w[0], 0xD2511F53u), b = times(c.w[2], 0xCD9E8D57u);
    c = {{b.hi ^ c.w[1] ^ key0, b.lo, a.hi ^ c.w[3] ^ key1, a.lo}};
    key0 = key0 + std::uint32_t{0x9E3779B9u};
    key1 = key1 + std::uint32_t{0xBB67AE85u};
  }
  return c;
}

template <class Seed, class Index, class Stream>
using drawn_reading = join_t<result_reading<Seed, Index>, reading_t<Stream>>;

// The counter is (index, stream), the key is the seed, lower halves first.
template <class R, class Seed, class Index, class Stream>
philox_words<R> drawn(const Seed& seed, const Index& index, const Stream& stream) {
  static_assert(std::is_integral_v<element_t<Seed>> && std::is_integral_v<element_t<Index>> &&
                    std::is_integral_v<element_t<Stream>>,
                "busfare: seed, index and stream of random numbers are integers");
  const auto lower = [](const value<std::uint64_t, R>& x) { return to<std::uint32_t, R>(x); };
  const auto s = to<std::uint64_t, R>(seed), i = to<std::uint64_t, R>(index),
             t = to<std::uint64_t, R>(stream);
  return philox<R>({{lower(i), lower(i >> 32), lower(t), lower(t >> 32)}}, lower(s), lower(s >> 32));
}

// An integer below 2^31 as a float; signed, which packs convert at once.
template <class R> value<float, R> small_to_float(const value<std::uint32_t, R>& x) {
  return to<float, R>(to<std::int32_t, R>(x));
}

/// A multiple of 2^-24 (f32) or 2^-53 (f64) in [0, 1), of one or two words.
template <class T, class R>
value<T, R> unit_interval(const value<std::uint32_t, R>& first, const value<std::uint32_t, R>& second) {
  if constexpr (sizeof(T) == 4)
    return small_to_float(first >> 8) * 0x1p-24f;
  else
    return to<double, R>(first) * 0x1p-32 + to<double, R>(second >> 11) * 0x1p-53;
}

/// In (0, 1], for a logarithm: finer near 0 for f32, whose normal numbers would else end at 5.8.
template <class T, class R>
value<T, R> above_zero(const value<std::uint32_t, R>& first, const value<std::uint32_t, R>& second) {
  if constexpr (sizeof(T) == 4)
    return small_to_float(first >> 16) * 0x1p-16f + (small_to_float(first & 0xffffu) + 0.5f) * 0x1p-32f;
  else
    return unit_interval<T, R>(first, second) + 0x1p-53;
}

}  // namespace detail

/// A random number of [0, 1), equally distributed: a multiple of 2^-24 for float, of 2^-53 for double. The
/// same (seed, index, stream), all integers, gives the same number everywhere; others give independent ones.
/// Use the stream where one index needs several numbers.
template <class T, detail::operand Seed, detail::operand Index, detail::operand Stream = int>
requires(std::is_floating_point_v<T> &&
         (detail::kernel_value<Seed> || detail::kernel_value<Index> ||
          detail::kernel_value<Stream>)) auto uniform(const Seed& seed, const Index& index,
                                                      const Stream& stream = {}) {
  using R = detail::drawn_reading<Seed, Index, Stream>;
  const detail::philox_words<R> c = detail::drawn<R>(seed, index, stream);
  return detail::unit_interval<T, R>(c.w[0], c.w[1]);
}

/// A random number of the standard normal distribution, by Box and Muller: at most 6.8 in magnitude for
/// float, 8.6 for double. Seed, index and stream as for `uniform`, whose number of the same three it is not
/// independent of.
template <class T, detail::operand Seed, detail::operand Index, detail::operand Stream = int>
requires(std::is_floating_point_v<T> &&
         (detail::kernel_value<Seed> || detail::kernel_value<Index> ||
          detail::kernel_value<Stream>)) auto normal(const Seed& seed, const Index& index,
                                                     const Stream& stream = {}) {
  using R = detail::drawn_reading<Seed, Index, Stream>;
  const detail::philox_words<R> c = detail::drawn<R>(seed, index, stream);
  const auto radius = sqrt(log(detail::above_zero<T, R>(c.w[0], c.w[1])) * T(-2));
  const auto turn = detail::unit_interval<T, R>(c.w[2], c.w[3]);
  return radius * cos(turn * T(6.283185307179586477));
}

}  // namespace busfare
BUSFARE_FLATTEN_END
