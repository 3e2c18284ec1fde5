// Which bytes of a copy are older than the original.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace busfare::core {

/// Bytes [from, to).
struct byte_range {
  std::size_t from = 0, to = 0;
  friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// A few ranges that neither touch nor overlap, in order. Where there would be more, the two with the
/// smallest gap become one: each is a message of its own, and what is sent needlessly is right all the same.
class stale_ranges {
 public:
  static constexpr std::size_t most = 4;

  void add(byte_range r) noexcept;
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::span<const byte_range> all() const noexcept { return {ranges_.data(), count_}; }
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  std::array<byte_range, most + 1> ranges_{};
  std::size_t count_ = 0;
};

}  // namespace busfare::core
