// One kernel that two units with different flags use, and a hash of the bits it gives.
#pragma once

#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

namespace consumer {

namespace bf = busfare;

/// A function of one number with divisions, roots and sums that contraction would change.
inline constexpr auto curve = [](auto x) {
  return bf::sqrt(x * x + 1.0f) / (x * 3.0f + 0.7f) - x * x * 0.1f;
};

/// FNV-1a over the bytes.
inline std::uint64_t hash_of(std::span<const float> values) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (float value : values) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; ++i) hash = (hash ^ ((bits >> (8 * i)) & 0xffu)) * 0x100000001b3u;
  }
  return hash;
}

/// Static, so that each unit has its own.
/// "HASH promised", or "HASH not-promised" where the receipt says that the unit's flags break the promise.
static std::string bits_of_curve(std::span<const float> values) {
  const bf::array<float> y = bf::map(bf::on("cpu"), curve, bf::copy_of(values));
  const bf::receipt r = bf::run(y);
  bool promised = true;
  for (const std::string& note : r.plan.notes)
    promised = promised && note.find("same bits are not promised") == std::string::npos;
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016" PRIx64, hash_of(y.host()));
  return std::string(hash) + (promised ? " promised" : " not-promised");
}

/// Inputs that no flag can change: small integers scaled by a power of two.
inline std::vector<float> inputs() {
  std::vector<float> x(100'003);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 4099) / 256.0f;
  return x;
}

}  // namespace consumer
