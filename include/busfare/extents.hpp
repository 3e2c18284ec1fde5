// The shape of an array or of a launch.
#pragma once

#include <cstddef>
#include <cstdint>

#include <busfare/error.hpp>

namespace busfare {

/// Rank 0 to 3, slowest axis first. Rank 0 is one value, which broadcasts to any shape on its device.
/// The element count must fit 63 bits; a larger one throws `invalid_argument` when it is asked for.
class extents {
 public:
  constexpr extents() = default;
  constexpr extents(std::size_t n) : n_{n, 1, 1}, rank_(1) {}  // NOLINT: a length is a shape
  constexpr extents(std::size_t rows, std::size_t columns) : n_{rows, columns, 1}, rank_(2) {}
  constexpr extents(std::size_t planes, std::size_t rows, std::size_t columns)
      : n_{planes, rows, columns}, rank_(3) {}

  [[nodiscard]] constexpr int rank() const noexcept { return rank_; }
  /// Length of one axis; 1 for axes past the rank.
  [[nodiscard]] constexpr std::size_t operator[](int axis) const noexcept { return n_[axis]; }

  /// Elements; 1 for rank 0. Throws `invalid_argument` past 2^63 - 1.
  [[nodiscard]] constexpr std::size_t count() const {
    // Asked for many times a run: products are checked without divisions.
    std::size_t total = 1;
    for (const std::size_t n : n_) {
      if (__builtin_mul_overflow(total, n, &total) || total > limit)
        throw error(error_class::invalid_argument, "extents hold more than 2^63 - 1 elements");
    }
    return total;
  }
  /// Bytes for elements of `size` bytes. Throws `invalid_argument` on overflow.
  [[nodiscard]] constexpr std::size_t bytes(std::size_t size) const {
    std::size_t total = 0;
    if (__builtin_mul_overflow(count(), size, &total) || total > limit)
      throw error(error_class::invalid_argument, "array is larger than 2^63 - 1 bytes");
    return total;
  }

  friend constexpr bool operator==(const extents&, const extents&) = default;

 private:
  static constexpr std::size_t limit = static_cast<std::size_t>(INT64_MAX);
  std::size_t n_[3] = {1, 1, 1};
  int rank_ = 0;
};

}  // namespace busfare
