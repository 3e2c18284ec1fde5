// Robust piecewise fits: see fit.hpp.
#include "model/fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace busfare::model {

namespace {

struct line {
  double alpha = 0, gamma = 0;
  double loss = 0;  // sum of squared relative residuals
  [[nodiscard]] double operator()(std::uint64_t bytes) const {
    return alpha + gamma * static_cast<double>(bytes);
  }
};

double loss_of(const line& l, std::span<const sample> points) {
  double sum = 0;
  for (const sample& p : points) {
    const double r = l(p.bytes) / p.seconds - 1;
    sum += r * r;
  }
  return sum;
}

// Relative-weight least squares with alpha, gamma >= 0: the free minimum where it is legal, else the better
// of the two edges.
line fit_line(std::span<const sample> points) {
  double w0 = 0, ws = 0, wt = 0;
  for (const sample& p : points) {
    const double w = 1 / (p.seconds * p.seconds);
    w0 += w;
    ws += w * static_cast<double>(p.bytes);
    wt += w * p.seconds;
  }
  const double mean_s = ws / w0, mean_t = wt / w0;
  double sst = 0, sss = 0, origin_st = 0, origin_ss = 0;
  for (const sample& p : points) {
    const double w = 1 / (p.seconds * p.seconds), s = static_cast<double>(p.bytes);
    sst += w * (s - mean_s) * (p.seconds - mean_t);
    sss += w * (s - mean_s) * (s - mean_s);
    origin_st += w * s * p.seconds;
    origin_ss += w * s * s;
  }
  line best{0, origin_ss > 0 ? origin_st / origin_ss : 0, 0};
  best.loss = loss_of(best, points);
  line flat{mean_t, 0, 0};
  flat.loss = loss_of(flat, points);
  if (points.size() < 2) return best;
  if (flat.loss < best.loss) best = flat;
  if (sss > 0) {
    line free{0, sst / sss, 0};
    free.alpha = mean_t - free.gamma * mean_s;
    if (free.alpha >= 0 && free.gamma >= 0) {
      free.loss = loss_of(free, points);
      if (free.loss < best.loss) best = free;
    }
  }
  return best;
}

struct piecewise {
  std::vector<line> lines;
  std::vector<std::size_t> ends;  // index one past each piece's last point
  double loss = std::numeric_limits<double>::infinity();
};

bool rises(const line& left, const line& right, std::uint64_t knot) {
  return right(knot) >= left(knot) * (1 - 1e-9);
}

// All pieces [0, i), [i, j), [j, n) are fitted once; then the best admissible combination is taken.
piecewise best_of(std::span<const sample> points, int pieces) {
  const std::size_t n = points.size();
  piecewise best;
  const auto consider = [&](std::vector<line> lines, std::vector<std::size_t> ends) {
    double loss = 0;
    for (const line& l : lines) loss += l.loss;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i)
      if (!rises(lines[i], lines[i + 1], points[ends[i] - 1].bytes)) return;
    if (loss < best.loss) best = {std::move(lines), std::move(ends), loss};
  };
  if (pieces == 1) {
    consider({fit_line(points)}, {n});
    return best;
  }
  for (std::size_t i = 2; i + 2 <= n; ++i) {
    const line first = fit_line(points.first(i));
    if (pieces == 2) {
      consider({first, fit_line(points.subspan(i))}, {i, n});
      continue;
    }
    for (std::size_t j = i + 2; j + 2 <= n; ++j)
      consider({first, fit_line(points.subspan(i, j - i)), fit_line(points.subspan(j))}, {i, j, n});
  }
  return best;
}

}  // namespace

double quantile(std::vector<double> values, double q) noexcept {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double x = std::clamp(q, 0.0, 1.0) * static_cast<double>(values.size() - 1);
  const auto i = static_cast<std::size_t>(x);
  const std::size_t j = std::min(i + 1, values.size() - 1);
  return values[i] + (x - static_cast<double>(i)) * (values[j] - values[i]);
}

double median(std::vector<double> values) noexcept { return quantile(std::move(values), 0.5); }

std::vector<sample> medians_by_size(std::span<const sample> samples) {
  std::map<std::uint64_t, std::vector<double>> by_size;
  for (const sample& s : samples)
    if (s.bytes > 0 && std::isfinite(s.seconds) && s.seconds > 0) by_size[s.bytes].push_back(s.seconds);
  std::vector<sample> out;
  for (auto& [bytes, seconds] : by_size) out.push_back({bytes, median(std::move(seconds))});
  return out;
}

std::vector<segment> fit_segments(std::span<const sample> points, int most_segments) {
  if (points.empty()) return {};
  const auto n = static_cast<double>(points.size());
  piecewise chosen;
  double best_bic = std::numeric_limits<double>::infinity();
  for (int pieces = 1; pieces <= std::clamp(most_segments, 1, 3); ++pieces) {
    piecewise p = best_of(points, pieces);
    if (p.lines.empty()) continue;
    // No clock is better than 0.1 %: below that a further piece explains noise.
    const double variance = std::max(p.loss / n, 1e-6);
    const double parameters = 2.0 * pieces + (pieces - 1);
    const double bic = n * std::log(variance) + parameters * std::log(n);
    if (bic < best_bic) {
      best_bic = bic;
      chosen = std::move(p);
    }
  }
  std::vector<segment> out;
  for (std::size_t i = 0; i < chosen.lines.size(); ++i) {
    const bool last = i + 1 == chosen.lines.size();
    out.push_back(
        {last ? UINT64_MAX : points[chosen.ends[i] - 1].bytes, chosen.lines[i].alpha, chosen.lines[i].gamma});
  }
  return out;
}

bool fit_curve(link_curve& curve, std::span<const sample> samples) {
  const std::vector<sample> points = medians_by_size(samples);
  if (points.empty()) return false;
  curve.segments = fit_segments(points);
  const bool leave_out = points.size() >= 5;
  std::vector<double> ratios;
  for (std::size_t i = 0; i < points.size(); ++i) {
    link_curve other = curve;
    if (leave_out) {
      std::vector<sample> rest = points;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
      other.segments = fit_segments(rest);
    }
    const double predicted = other.predict(points[i].bytes);
    if (!(predicted > 0)) continue;
    for (const sample& s : samples)
      if (s.bytes == points[i].bytes && std::isfinite(s.seconds) && s.seconds > 0)
        ratios.push_back(s.seconds / predicted);
  }
  if (!ratios.empty()) {
    curve.residual_q10 = quantile(ratios, 0.1);
    curve.residual_q50 = quantile(ratios, 0.5);
    curve.residual_q90 = quantile(ratios, 0.9);
  }
  return true;
}

}  // namespace busfare::model
