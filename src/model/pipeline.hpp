// Closed forms of chunked pipelines. They explain and search; the event engine has the last word.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace busfare::model {

/// Time of n equal chunks through upload (u), kernel (k) and download (d), each on an engine of its own with
/// `slots` buffers on the device (a slot is free after its download): exact. With enough slots
/// u + k + d + (n-1) max(u,k,d); with too few the period is (u+k+d)/slots. Same unit as the arguments.
constexpr double pipeline_time(double u, double k, double d, std::uint64_t n, unsigned slots = 3) noexcept {
  if (n == 0) return 0;
  const double sum = u + k + d, most = std::max({u, k, d});
  const auto turns = static_cast<double>(n - 1);
  if (slots == 0) slots = 1;
  if (sum / slots <= most) return sum + turns * most;
  return static_cast<double>((n - 1) / slots) * sum + sum + static_cast<double>((n - 1) % slots) * most;
}

/// Time in which one link moves work that takes `up` and `down` alone, both ways at once: while both are busy
/// the rates are factors of the rates alone.
constexpr double duplex_time(double up, double down, double factor_up, double factor_down) noexcept {
  if (up / factor_up <= down / factor_down) return up / factor_up + (down - factor_down * up / factor_up);
  return down / factor_down + (up - factor_up * down / factor_down);
}

/// One stage over the bytes of a chunk: seconds + seconds_per_byte * bytes.
struct stage_cost {
  double seconds = 0, seconds_per_byte = 0;
  [[nodiscard]] constexpr double operator()(double bytes) const noexcept {
    return seconds + seconds_per_byte * bytes;
  }
};
/// Upload, kernel, download.
using stages = std::array<stage_cost, 3>;

/// Time of `bytes` in n equal chunks, three slots. Convex in n: the maximum of three convex functions.
constexpr double chunked_time(const stages& s, double bytes, std::uint64_t n) noexcept {
  const double c = bytes / static_cast<double>(n);
  const double u = s[0](c), k = s[1](c), d = s[2](c);
  return u + k + d + static_cast<double>(n - 1) * std::max({u, k, d});
}

/// The number of chunks in [1, most] that ends first, fewest on a tie: bisection on the sign of the
/// difference, exact because the time is convex.
constexpr std::uint64_t best_chunk_count(const stages& s, double bytes, std::uint64_t most) noexcept {
  std::uint64_t low = 1, high = std::max<std::uint64_t>(most, 1);
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (chunked_time(s, bytes, middle + 1) < chunked_time(s, bytes, middle))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// The real-valued optimum when stage `bottleneck` dominates: sqrt(N sum_{s != b} gamma_s / alpha_b).
/// Explains a choice; infinite when the bottleneck has no start cost.
inline double ideal_chunk_count(const stages& s, double bytes, int bottleneck) noexcept {
  double others = 0;
  for (int i = 0; i < 3; ++i)
    if (i != bottleneck) others += s[static_cast<std::size_t>(i)].seconds_per_byte;
  return std::sqrt(bytes * others / s[static_cast<std::size_t>(bottleneck)].seconds);
}

}  // namespace busfare::model
