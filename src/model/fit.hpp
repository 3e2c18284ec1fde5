// From measured transfers to a link's segments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <busfare/profile.hpp>

namespace busfare::model {

/// One measured transfer.
struct sample {
  std::uint64_t bytes = 0;
  double seconds = 0;
};

/// Median of values; 0 for none. Even counts: the mean of the middle two.
double median(std::vector<double> values) noexcept;

/// The q-quantile by linear interpolation between order statistics; 0 for none.
double quantile(std::vector<double> values, double q) noexcept;

/// One sample per size, sorted by size: the median of its seconds. Drops what is not finite and positive.
std::vector<sample> medians_by_size(std::span<const sample> samples);

/// Fits T(s) = alpha_k + gamma_k s in 1 to `most_segments` (at most 3) pieces to one point per size, sorted
/// by size. Weights 1/T^2, so that the relative error counts; knots by exhaustive search with two points per
/// piece at least; the number of pieces by BIC; alpha, gamma >= 0 and T never falls at a knot. The last piece
/// ends at UINT64_MAX. Empty for no points. Cost O(n^3) for three pieces: meant for up to about 60 sizes.
std::vector<segment> fit_segments(std::span<const sample> points, int most_segments = 3);

/// Fits segments and residual quantiles (measured / predicted) of a curve to raw samples of any order. With
/// five sizes or more each size is predicted by a fit that has not seen it, so that the interval is honest.
/// The curve's name, direction, submission cost and duplex factor stay. False, and nothing changes, without
/// usable samples.
bool fit_curve(link_curve& curve, std::span<const sample> samples);

}  // namespace busfare::model
