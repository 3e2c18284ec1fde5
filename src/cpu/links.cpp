// The ends of chains that run in registers, for each instruction set.
#include "cpu/links.hpp"

#include <busfare/value/link.hpp>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace busfare::cpu {
namespace {

using detail::intrinsics;
using detail::link_lanes;
using detail::link_register;
using detail::link_run;
using detail::vector_at;

constexpr std::int64_t line = 16;  // elements

// Asks for what the chain comes to later, as folds do (busfare/value/fold_loop.hpp). Any address may be asked
// for, also one beyond the array.
inline void fetch(const float* p) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + 2048));
}

// Once per set, since a function's target is no template parameter.
#define BUSFARE_ENDS(name, target)                                                                           \
  struct name##_ends {                                                                                       \
    static constexpr isa set = isa::name;                                                                    \
    using reg = link_register<set>;                                                                          \
    static constexpr std::int64_t lanes = link_lanes<set> / 4; /* of a register */                           \
    target static void store(const cpu_link* at, std::int64_t i, reg a, reg b, reg c, reg d) {               \
      float* const to = reinterpret_cast<float*>(at->out) + i;                                               \
      vector_at<set>(to) = a;                                                                                \
      vector_at<set>(to + lanes) = b;                                                                        \
      vector_at<set>(to + 2 * lanes) = c;                                                                    \
      vector_at<set>(to + 3 * lanes) = d;                                                                    \
    }                                                                                                        \
    target static void stream(const cpu_link* at, std::int64_t i, reg a, reg b, reg c, reg d) {              \
      float* const to = reinterpret_cast<float*>(at->out) + i;                                               \
      intrinsics<set>::stream(to, a);                                                                        \
      intrinsics<set>::stream(to + lanes, b);                                                                \
      intrinsics<set>::stream(to + 2 * lanes, c);                                                            \
      intrinsics<set>::stream(to + 3 * lanes, d);                                                            \
    }                                                                                                        \
    target static void run(const cpu_link* chain, const float* source, std::int64_t from, std::int64_t to) { \
      const auto first = reinterpret_cast<link_run<set>>(chain->run);                                        \
      for (std::int64_t i = from; i < to; i += 4 * lanes) {                                                  \
        const float* const p = source + i;                                                                   \
        for (std::int64_t k = 0; k < 4 * lanes; k += line) fetch(p + k);                                     \
        first(chain, i, vector_at<set>(p), vector_at<set>(p + lanes), vector_at<set>(p + 2 * lanes),         \
              vector_at<set>(p + 3 * lanes));                                                                \
      }                                                                                                      \
    }                                                                                                        \
  };
BUSFARE_ENDS(avx2, BUSFARE_AVX2)
BUSFARE_ENDS(avx512, BUSFARE_AVX512)
#undef BUSFARE_ENDS

template <class Ends> cpu_link storing(std::byte* out, bool streamed) noexcept {
  return {reinterpret_cast<void (*)()>(streamed ? Ends::stream : Ends::store), nullptr, nullptr, out};
}

}  // namespace

std::uint64_t link_elements(isa set) noexcept {
  if constexpr (BUSFARE_LINKS == 0) return 0;
  return set == isa::avx512 ? link_lanes<isa::avx512> : set == isa::avx2 ? link_lanes<isa::avx2> : 0;
}

cpu_link storing_link(isa set, std::byte* out, bool streamed) noexcept {
  return set == isa::avx512 ? storing<avx512_ends>(out, streamed) : storing<avx2_ends>(out, streamed);
}

void run_links(isa set, const cpu_link* chain, const std::byte* source, std::uint64_t from,
               std::uint64_t to) noexcept {
  const auto run = set == isa::avx512 ? avx512_ends::run : avx2_ends::run;
  run(chain, reinterpret_cast<const float*>(source), static_cast<std::int64_t>(from),
      static_cast<std::int64_t>(to));
}

}  // namespace busfare::cpu
