// Rank test and verdicts: see compare.hpp.
#include "compare.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "measure.hpp"

namespace busfare::bench {
namespace {

// Pairs in which a is the lower one; equal values count half.
double pairs_below(std::span<const double> a, std::span<const double> b) {
  std::vector<double> sorted(b.begin(), b.end());
  std::sort(sorted.begin(), sorted.end());
  double pairs = 0;
  for (const double x : a) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), x);
    pairs += static_cast<double>(sorted.end() - last) + static_cast<double>(last - first) / 2;
  }
  return pairs;
}

// The chance of at most `most` pairs among all orders of n and m values: the lowest coefficients of the
// Gaussian binomial, product of (1 - q^(m + i)) / (1 - q^i), over their sum. A coefficient depends on lower
// ones only, so that small ones are exact however large the others grow.
double chance_of_at_most(std::size_t most, std::size_t n, std::size_t m) {
  std::vector<double> ways(most + 1, 0.0);
  ways[0] = 1;
  double all = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    for (std::size_t u = most; u >= m + i; --u) ways[u] -= ways[u - m - i];
    for (std::size_t u = i; u <= most; ++u) ways[u] += ways[u - i];
    all *= static_cast<double>(m + i) / static_cast<double>(i);
  }
  double sum = 0;
  for (const double w : ways) sum += w;
  return std::min(1.0, sum / all);
}

// The sum of t^3 - t over groups of t equal values.
double ties_of(std::span<const double> a, std::span<const double> b) {
  std::map<double, double> times;
  for (const double x : a) ++times[x];
  for (const double x : b) ++times[x];
  double sum = 0;
  for (const auto& [value, t] : times) sum += t * t * t - t;
  return sum;
}

// The least p that so many samples can have.
double least_p(std::size_t n, std::size_t m) { return 2 * chance_of_at_most(0, n, m); }

double middle_quotient(std::span<const double> before, std::span<const double> now) {
  std::vector<double> quotients;
  quotients.reserve(before.size() * now.size());
  for (const double b : before) {
    for (const double a : now) quotients.push_back(a / b);
  }
  return median_of(std::move(quotients));
}

}  // namespace

const char* name_of(verdict v) noexcept {
  switch (v) {
    case verdict::faster:
      return "faster";
    case verdict::slower:
      return "slower";
    case verdict::same:
      return "same";
    case verdict::unclear:
      break;
  }
  return "unclear";
}

double rank_test(std::span<const double> a, std::span<const double> b) {
  const std::size_t n = a.size(), m = b.size();
  if (n == 0 || m == 0) return 1;
  const double pairs = static_cast<double>(n) * static_cast<double>(m);
  const double below = pairs_below(a, b), fewer = std::min(below, pairs - below), ties = ties_of(a, b);
  if (ties == 0 && pairs <= 10000)
    return std::min(1.0, 2 * chance_of_at_most(static_cast<std::size_t>(fewer), n, m));
  const double all = static_cast<double>(n + m);
  const double variance = pairs / 12 * (all + 1 - ties / (all * (all - 1)));
  if (!(variance > 0)) return 1;
  const double z = std::max(0.0, pairs / 2 - fewer - 0.5) / std::sqrt(variance);
  return std::min(1.0, std::erfc(z / std::sqrt(2.0)));
}

comparison compare(std::span<const double> before, std::span<const double> now, bool noiseless,
                   double least) {
  comparison c;
  const auto above_zero = [](double x) { return x > 0; };
  if (before.empty() || now.empty() || !std::all_of(before.begin(), before.end(), above_zero) ||
      !std::all_of(now.begin(), now.end(), above_zero))
    return c;
  c.before = median_of({before.begin(), before.end()});
  c.now = median_of({now.begin(), now.end()});
  c.ratio = middle_quotient(before, now);
  if (!noiseless) {
    c.p = rank_test(before, now);
    if (least_p(before.size(), now.size()) > most_p) return c;
  }
  const bool seen = noiseless || c.p <= most_p;
  c.found = seen && c.ratio >= 1 + least         ? verdict::slower
            : seen && c.ratio <= 1 / (1 + least) ? verdict::faster
                                                 : verdict::same;
  return c;
}

}  // namespace busfare::bench
