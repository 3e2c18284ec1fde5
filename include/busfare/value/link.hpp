// The CPU form of a map as one step of a chain: it gets four registers of elements, and calls the next step
// with four.
//
// Steps that were compiled apart otherwise pass their elements through the first-level cache, which takes
// twice as long as one loop (docs/decisions/0013-chains-in-registers.md). The call is the last thing that a
// step does, so compilers make a jump of it; where they do not (-O0), a chain nests as deep as it is long,
// once for every four registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include <busfare/value/kernel.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

// Compilers must agree where vectors travel. g++ passes them in registers wherever both sides have such;
// clang asks its command line, and passes them in memory where that names no instruction set. So links are
// g++'s alone, on both sides: chains with a kernel of another compiler run by blocks.
#if defined(__GNUC__) && !defined(__clang__)
#define BUSFARE_LINKS 1
#else
#define BUSFARE_LINKS 0
#endif

namespace busfare::detail {

/// Whatever 4-byte elements are, they travel as floats.
template <isa I> using link_register = vector_t<float, I>;
/// `i`: index of the first element in the registers, which hold two packs.
template <isa I>
using link_run = void (*)(const cpu_link* at, std::int64_t i, link_register<I>, link_register<I>,
                          link_register<I>, link_register<I>);
template <isa I> inline constexpr int link_lanes = 2 * lanes_of<I>;

template <class A> inline constexpr bool is_element = false;
template <class T> inline constexpr bool is_element<element_argument<T>> = true;
template <class A> inline constexpr bool is_number = false;
template <class T> inline constexpr bool is_number<number_argument<T>> = true;
/// Travels in registers as it is stored.
template <class T> inline constexpr bool is_handed_on = sizeof(T) == 4 && std::is_same_v<T, compute_t<T>>;

template <class... A> struct first_element { static constexpr bool is_handed_on = false; };
template <class T, class... A> struct first_element<element_argument<T>, A...> {
  static constexpr bool is_handed_on = detail::is_handed_on<T>;
};
template <class T, class... A> struct first_element<number_argument<T>, A...> : first_element<A...> {};

template <class Args, class Outs> inline constexpr bool can_link = false;
template <class... A, class Out>
inline constexpr bool can_link<std::tuple<A...>, std::tuple<Out>> =
    ((is_element<A> || is_number<A>)&&...) && first_element<A...>::is_handed_on&& is_handed_on<Out>;

inline namespace BUSFARE_TU {

BUSFARE_FLATTEN_BEGIN
template <isa I, class F, class Args, class Out> struct link_step;
template <isa I, class F, class... A, class Out> struct link_step<I, F, std::tuple<A...>, Out> {
  using R = pack_reading<I>;
  using reg = link_register<I>;

  // An argument before which there are so many elements and numbers.
  template <int Elements, int Numbers, class T>
  static value<compute_t<T>, R> taken(element_argument<T>, const cpu_link* at, std::int64_t i, const reg& a,
                                      const reg& b) {
    if constexpr (Elements == 0) {
      value<T, R> x;
      x.part[0] = (vector_t<T, I>)a;
      x.part[1] = (vector_t<T, I>)b;
      return x;
    } else {
      return load<R>(reinterpret_cast<const T*>(at->arrays[Elements - 1]) + i);
    }
  }
  template <int Elements, int Numbers, class T>
  static scalar<T> taken(number_argument<T>, const cpu_link* at, std::int64_t, const reg&, const reg&) {
    scalar<T> x;
    std::memcpy(&x.v, at->numbers + 8 * Numbers, sizeof(T));
    return x;
  }
  template <std::size_t K, bool Elements> static constexpr int before() {
    constexpr bool elements[] = {is_element<A>...};
    int n = 0;
    for (std::size_t k = 0; k < K; ++k) n += elements[k] == Elements;
    return n;
  }

  // One pack, in place.
  template <std::size_t... K>
  static void run(const cpu_link* at, std::int64_t i, reg& a, reg& b, std::index_sequence<K...>) {
    const value<Out, R> r =
        as_result<R, Out>(F{}(taken<before<K, true>(), before<K, false>()>(A{}, at, i, a, b)...));
    a = (reg)r.part[0];
    b = (reg)r.part[1];
  }
};
BUSFARE_FLATTEN_END

#define BUSFARE_LINK(I)                                                                      \
  using step = link_step<I, F, Args, Out>;                                                   \
  step::run(at, i, a, b, std::make_index_sequence<std::tuple_size_v<Args>>{});               \
  step::run(at, i + lanes_of<I>, c, d, std::make_index_sequence<std::tuple_size_v<Args>>{}); \
  reinterpret_cast<link_run<I>>(at[1].run)(at + 1, i, a, b, c, d)
template <class F, class Args, class Outs> struct link_entries;
template <class F, class Args, class Out> struct link_entries<F, Args, std::tuple<Out>> {
  template <isa I> using reg = link_register<I>;
  BUSFARE_AVX2 BUSFARE_ENTRY static void avx2(const cpu_link* at, std::int64_t i, reg<isa::avx2> a,
                                              reg<isa::avx2> b, reg<isa::avx2> c, reg<isa::avx2> d) {
    BUSFARE_LINK(isa::avx2);
  }
  BUSFARE_AVX512 BUSFARE_ENTRY static void avx512(const cpu_link* at, std::int64_t i, reg<isa::avx512> a,
                                                  reg<isa::avx512> b, reg<isa::avx512> c,
                                                  reg<isa::avx512> d) {
    BUSFARE_LINK(isa::avx512);
  }
  static cpu_link_code get() noexcept {
    cpu_link_code links{};
    links.run[static_cast<int>(isa::avx2)] = reinterpret_cast<void (*)()>(avx2);
    if constexpr (std::is_same_v<decltype(&BUSFARE_WIDEST_ENTRY), decltype(&avx512)>)
      links.run[static_cast<int>(isa::avx512)] = reinterpret_cast<void (*)()>(avx512);
    return links;
  }
};
#undef BUSFARE_LINK

template <class F, class Args, class Outs> constexpr auto link_of() -> cpu_link_code (*)() noexcept {
  if constexpr (BUSFARE_LINKS != 0 && can_link<Args, Outs>)
    return link_entries<F, Args, Outs>::get;
  else
    return nullptr;
}

}  // namespace BUSFARE_TU
}  // namespace busfare::detail

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
