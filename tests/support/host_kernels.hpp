// Hand-written CPU kernels for tests below the value layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <busfare/cpu_code.hpp>

namespace busfare_tests {

using busfare::cpu_block;
using busfare::cpu_operand;

template <class T> T get(const std::byte* p, std::uint64_t i = 0) {
  T v;
  std::memcpy(&v, p + i * sizeof(T), sizeof v);
  return v;
}
template <class T> void put(std::byte* p, std::uint64_t i, T v) {
  std::memcpy(p + i * sizeof(T), &v, sizeof v);
}
inline float element(const cpu_operand& o, std::uint64_t i) {
  return get<float>(o.data, o.broadcast ? 0 : i);
}

inline void add(const cpu_block& b) noexcept {
  for (std::uint64_t i = 0; i < b.count; ++i) put(b.out[0], i, element(b.in[0], i) + element(b.in[1], i));
}
inline void twice(const cpu_block& b) noexcept {
  for (std::uint64_t i = 0; i < b.count; ++i) put(b.out[0], i, 2 * element(b.in[0], i));
}

}  // namespace busfare_tests
