// The CPU forms of a map, for every instruction set.
#pragma once

#include <busfare/value/link.hpp>

namespace busfare::detail {
inline namespace BUSFARE_TU {

template <class F, class Args, class Outs> struct map_entries {
  BUSFARE_ENTRY static void base(const cpu_block& b) noexcept {
    block_loop<pack_reading<isa::base>, F, Args, Outs>::run(b);
  }
  BUSFARE_AVX2 BUSFARE_ENTRY static void avx2(const cpu_block& b) noexcept {
    block_loop<pack_reading<isa::avx2>, F, Args, Outs>::run(b);
  }
  BUSFARE_AVX512 BUSFARE_ENTRY static void avx512(const cpu_block& b) noexcept {
    block_loop<pack_reading<isa::avx512>, F, Args, Outs>::run(b);
  }
  static constexpr cpu_code code = {
      {base, avx2, BUSFARE_WIDEST_ENTRY}, BUSFARE_TU_FAST_MATH, nullptr, link_of<F, Args, Outs>()};
};

}  // namespace BUSFARE_TU
}  // namespace busfare::detail
