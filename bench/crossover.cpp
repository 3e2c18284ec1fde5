// Where the curves of a device and of the cpu cross.
#include <algorithm>
#include <cmath>
#include <map>

#include "result.hpp"

namespace busfare::bench {
namespace {

struct point {
  std::uint64_t n;
  double ratio;  ///< device / cpu; below 1 the device wins
};

// The size from which the device wins at every larger one, interpolated on logarithms.
std::optional<double> crossing(const std::vector<point>& points) {
  std::size_t from = points.size();
  while (from > 0 && points[from - 1].ratio < 1) --from;
  if (from == points.size()) return std::nullopt;
  if (from == 0) return static_cast<double>(points.front().n);
  const point& a = points[from - 1];
  const point& b = points[from];
  const double la = std::log(a.ratio), lb = std::log(b.ratio);
  const double part = la / (la - lb);
  const double na = std::log(static_cast<double>(a.n)), nb = std::log(static_cast<double>(b.n));
  return std::round(std::exp(na + part * (nb - na)));
}

using field = std::optional<double> row::*;

std::vector<point> ratios(const std::vector<const row*>& device, const std::vector<const row*>& cpu,
                          field f) {
  std::vector<point> points;
  for (const row* d : device) {
    for (const row* c : cpu) {
      if (c->size != d->size || !(c->*f) || !(d->*f) || *(c->*f) <= 0 || *(d->*f) <= 0) continue;
      points.push_back({d->size, *(d->*f) / *(c->*f)});
    }
  }
  std::sort(points.begin(), points.end(), [](const point& a, const point& b) { return a.n < b.n; });
  return points;
}

std::string count(double n) { return std::to_string(static_cast<std::uint64_t>(n)); }

}  // namespace

std::vector<crossover> crossovers_of(const std::vector<row>& rows) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<const row*>> by_device;
  for (const row& each : rows) {
    if (by_device.find(each.device) == by_device.end()) order.push_back(each.device);
    by_device[each.device].push_back(&each);
  }
  std::vector<crossover> found;
  const auto cpu = by_device.find("cpu");
  if (cpu == by_device.end()) return found;
  for (const std::string& device : order) {
    if (device == "cpu") continue;
    const std::vector<const row*>& own = by_device[device];
    const auto warm = ratios(own, cpu->second, &row::warm_s);
    if (warm.empty()) continue;
    found.push_back({own.front()->op, own.front()->type, device, own.front()->simulated, crossing(warm),
                     crossing(ratios(own, cpu->second, &row::resident_s)), warm.front().n, warm.back().n});
  }
  return found;
}

std::string sentence_of(const crossover& c) {
  const std::string where = c.device + (c.simulated ? " (simulated)" : "");
  const auto from = [&](double n) {
    return "from n = " + count(n) + (n <= static_cast<double>(c.least_n) ? " (the smallest measured)" : "");
  };
  if (!c.cold_n && !c.resident_n) return "never pays on " + where + " up to n = " + std::to_string(c.most_n);
  if (!c.cold_n) {
    return "pays on " + where + " only when already resident, " + from(*c.resident_n) +
           "; never with transfers up to n = " + std::to_string(c.most_n);
  }
  std::string s = "pays on " + where + " " + from(*c.cold_n);
  s += c.resident_n ? ", or " + from(*c.resident_n) + " when already resident"
                    : "; its kernel alone never wins";
  return s + "; never below";
}

}  // namespace busfare::bench
