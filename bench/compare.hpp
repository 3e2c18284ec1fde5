// Whether something became faster or slower since an earlier run: a rank test on the samples.
#pragma once

#include <span>

namespace busfare::bench {

enum class verdict { faster, slower, same, unclear };

/// "faster", "slower", "same", "unclear".
const char* name_of(verdict v) noexcept;

/// What two sets of samples say. Seconds.
struct comparison {
  double before = 0, now = 0;  ///< medians
  /// How much longer it takes now: the median of all quotients of a sample now and one before. Above 1:
  /// slower.
  double ratio = 1;
  double p = 1;  ///< of the rank test; 1 for times without noise
  verdict found = verdict::unclear;
};

/// A change that is told is at least so large, and would come by chance at most so often. The first is not
/// zero because two runs on one machine differ by some percent as wholes (its clock, where memory lies, who
/// else runs), which no test on their samples can see.
inline constexpr double least_change = 0.05, most_p = 0.01;

/// Mann and Whitney's rank test (1947), two-sided: how often two sets of samples of one distribution lie at
/// least so far apart. Exact where no two values are equal and there are at most 10,000 pairs; else the
/// normal approximation with corrections for ties and continuity. 1 where either is empty.
double rank_test(std::span<const double> a, std::span<const double> b);

/// `unclear` where either is empty, or both are too few for the test to reach `most_p` (4 and 4 are),
/// or a sample is not above zero.
/// `noiseless`: virtual times, whose size alone decides. `least`: the least change that is told; 0.05 is 5 %.
comparison compare(std::span<const double> before, std::span<const double> now, bool noiseless,
                   double least = least_change);

}  // namespace busfare::bench
