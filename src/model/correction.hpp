// A factor learnt online: what was measured over what was predicted.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace busfare::model {

/// The median of the last 15 ratios, so that a disturbed run decides nothing; 1 before the fifth, and never
/// more than a factor of 8. One thread at a time.
class correction {
 public:
  /// Ignores what is not finite and positive.
  void add(double ratio) noexcept {
    if (!std::isfinite(ratio) || ratio <= 0) return;
    ratios_[next_] = ratio;
    next_ = (next_ + 1) % ratios_.size();
    count_ = std::min(count_ + 1, ratios_.size());
  }
  [[nodiscard]] double factor() const noexcept {
    if (count_ < 5) return 1;
    std::array<double, 15> sorted = ratios_;
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(count_ / 2);
    std::nth_element(sorted.begin(), middle, end);
    return std::clamp(*middle, 0.125, 8.0);
  }

 private:
  std::array<double, 15> ratios_{};
  std::size_t next_ = 0, count_ = 0;
};

}  // namespace busfare::model
