// Kernel times: see kernel_time.hpp.
#include "model/kernel_time.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace busfare::model {

namespace {

double peak_of(const device_rates& rates, bool f64) noexcept {
  const double peak = rates.flops_per_second_f32;
  if (!f64) return peak;
  return rates.flops_per_second_f64 > 0 ? rates.flops_per_second_f64 : peak / 2;
}

}  // namespace

double weighted_flops(const device_rates& rates, double instructions, double divisions, bool f64) noexcept {
  const double rate = f64 ? rates.divisions_per_second_f64 : rates.divisions_per_second_f32;
  const double peak = peak_of(rates, f64);
  const double weight = rate > 0 && peak > 0 ? peak / rate : 16;
  return 2 * instructions + weight * divisions;
}

double roofline_seconds(const device_rates& rates, const kernel_work& work) noexcept {
  const auto n = static_cast<double>(work.elements);
  const double peak = peak_of(rates, work.f64);
  const double compute = peak > 0 ? n * work.flops_per_element / peak : 0;
  const double memory = rates.bytes_per_second > 0 ? n * work.bytes_per_element / rates.bytes_per_second : 0;
  return work.launches * rates.launch_seconds + std::max(compute, memory);
}

double build_seconds(const device_rates& rates, double operations) noexcept {
  return rates.build_seconds + rates.build_seconds_per_operation * std::max(operations, 0.0);
}

kernel_estimate roofline_estimate(const device_rates& rates, const kernel_work& work) noexcept {
  const double t = roofline_seconds(rates, work);
  return {t, 0.5 * t, 3 * t, basis::roofline};
}

int history::class_of(std::uint64_t elements) noexcept {
  return static_cast<int>(std::lround(2 * std::log2(static_cast<double>(elements))));
}

void history::add(const kernel_key& key, std::uint64_t elements, double seconds) {
  if (elements == 0 || !std::isfinite(seconds) || seconds <= 0) return;
  std::vector<size_class>& classes = keys_.emplace(key, {}).first->second;
  keys_.keep(most_kernels);
  const int index = class_of(elements);
  auto at = std::lower_bound(classes.begin(), classes.end(), index,
                             [](const size_class& c, int i) { return c.index < i; });
  if (at == classes.end() || at->index != index) {
    at = classes.insert(at, size_class{});
    at->index = index;
  }
  at->log_elements[at->next] = static_cast<float>(std::log(static_cast<double>(elements)));
  at->log_seconds[at->next] = static_cast<float>(std::log(seconds));
  at->next = static_cast<std::uint8_t>((at->next + 1u) % kept);
  if (at->count < kept) ++at->count;
}

history::summary history::summarise(const size_class& c) {
  std::array<float, kept> sorted = c.log_seconds;
  const std::span<float> s(sorted.data(), c.count);
  std::sort(s.begin(), s.end());
  const auto quantile = [&](double q) {
    const double x = q * static_cast<double>(s.size() - 1);
    const auto i = static_cast<std::size_t>(x);
    const std::size_t j = std::min(i + 1, s.size() - 1);
    return static_cast<double>(s[i]) + (x - static_cast<double>(i)) * static_cast<double>(s[j] - s[i]);
  };
  double mean = 0;
  for (std::size_t i = 0; i < c.count; ++i) mean += static_cast<double>(c.log_elements[i]);
  mean /= static_cast<double>(c.count);
  summary out{mean, quantile(0.1), quantile(0.5), quantile(0.9), c.count};
  // A few samples say little about the spread: 5 % at five of them, 25 % at one.
  const double least = c.count >= 5 ? 0.05 : 0.25 / static_cast<double>(c.count);
  out.low = std::min(out.low, out.median - least);
  out.high = std::max(out.high, out.median + least);
  return out;
}

kernel_estimate history::predict(const kernel_key& key, const device_rates& rates,
                                 const kernel_work& work) const {
  const kernel_estimate prior = roofline_estimate(rates, work);
  const auto found = keys_.peek(key);
  if (found == keys_.end() || found->second.empty() || work.elements == 0) return prior;
  const std::vector<size_class>& classes = found->second;
  const int index = class_of(work.elements);
  const double x = std::log(static_cast<double>(work.elements));

  // From the samples' own size to the asked one: by the ratio of two rooflines, never worse than linear.
  const auto carried = [&](const summary& s, double extra, basis from) -> kernel_estimate {
    kernel_work there = work;
    there.elements = static_cast<std::uint64_t>(std::max(1.0, std::round(std::exp(s.log_elements))));
    const double then = roofline_seconds(rates, there);
    const double now = roofline_seconds(rates, work);
    const double shift = then > 0 && now > 0 ? std::log(now / then) : x - s.log_elements;
    return {std::exp(s.median + shift), std::exp(s.low + shift - extra), std::exp(s.high + shift + extra),
            from};
  };

  const auto at = std::lower_bound(classes.begin(), classes.end(), index,
                                   [](const size_class& c, int i) { return c.index < i; });
  if (at != classes.end() && at->index == index) return carried(summarise(*at), 0, basis::history);
  if (at == classes.begin()) {
    const summary s = summarise(*at);
    return carried(s, 0.1 * (s.log_elements - x), basis::fit);
  }
  const summary below = summarise(*std::prev(at));
  if (at == classes.end()) return carried(below, 0.1 * (x - below.log_elements), basis::fit);
  const summary above = summarise(*at);
  const double w = (x - below.log_elements) / (above.log_elements - below.log_elements);
  const auto mix = [w](double a, double b) { return std::exp(a + w * (b - a)); };
  return {mix(below.median, above.median), mix(below.low, above.low), mix(below.high, above.high),
          basis::fit};
}

std::size_t history::samples(const kernel_key& key, std::uint64_t elements) const {
  const auto found = keys_.peek(key);
  if (found == keys_.end() || elements == 0) return 0;
  for (const size_class& c : found->second)
    if (c.index == class_of(elements)) return c.count;
  return 0;
}

}  // namespace busfare::model
