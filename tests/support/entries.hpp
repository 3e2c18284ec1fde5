// Runs a kernel's CPU entry of one instruction set, with no library behind it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include <busfare/value/map_entries.hpp>

namespace busfare_test {

/// The sets that this processor can run; `base` always.
inline std::vector<busfare::isa> supported_isas() {
  std::vector<busfare::isa> r{busfare::isa::base};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) r.push_back(busfare::isa::avx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    r.push_back(busfare::isa::avx512);
  }
#endif
  return r;
}

/// One result of type Out; all inputs have the first one's length.
template <class Out, class F, class... In>
std::vector<Out> run_entry(busfare::isa i, F, const std::vector<In>&... in) {
  const std::size_t n = std::get<0>(std::tie(in...)).size();
  std::vector<Out> out(n);
  const std::array<busfare::cpu_operand, sizeof...(In)> operands = {
      busfare::cpu_operand{reinterpret_cast<const std::byte*>(in.data()), n, false}...};
  std::byte* const results[] = {reinterpret_cast<std::byte*>(out.data())};
  const busfare::cpu_block block{operands.data(), results, nullptr, {n, 1, 1}, 0, n, false};
  busfare::detail::map_entries<F, std::tuple<busfare::detail::element_argument<In>...>, std::tuple<Out>>::code
      .run[static_cast<int>(i)](block);
  return out;
}

}  // namespace busfare_test
