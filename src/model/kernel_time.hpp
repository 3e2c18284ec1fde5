// How long a kernel takes: what was seen before, else what its own counts say.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <busfare/profile.hpp>

#include "model/recent_map.hpp"

namespace busfare::model {

/// What one launch does. Counts come from the program itself.
struct kernel_work {
  double flops_per_element = 0;  ///< as `weighted_flops` counts
  double bytes_per_element = 0;
  std::uint64_t elements = 0;
  bool f64 = false;  ///< arithmetic in f64: the other peak applies
  int launches = 1;  ///< a reduction takes several, for the levels of its tree
};

/// Flops of an element in the measure of the profile's peak, which is that of fused multiply-adds: an
/// instruction counts two whatever it computes, a division or square root peak / division rate; where that
/// rate is unknown 16, about what wide x86 cores and GPUs without an approximation take.
double weighted_flops(const device_rates& rates, double instructions, double divisions, bool f64) noexcept;

/// Roofline: launches * launch + max(flops / peak, bytes / bandwidth), in seconds. A rate of 0 is unknown and
/// drops its term; an unknown f64 peak is taken as 1/2 of f32. (Williams, Waterman, Patterson: Roofline, CACM
/// 2009.)
double roofline_seconds(const device_rates& rates, const kernel_work& work) noexcept;

/// Seconds to build a kernel of so many operations that no cache holds.
double build_seconds(const device_rates& rates, double operations) noexcept;

/// Which source a kernel's prediction used, in order of trust.
enum class basis : std::uint8_t {
  history,   ///< samples of this very kernel at this size
  fit,       ///< samples of this kernel at other sizes
  roofline,  ///< the program's own counts
};

/// "history", "fit", "roofline".
constexpr const char* name_of(basis b) noexcept {
  constexpr const char* names[] = {"history", "fit", "roofline"};
  return names[static_cast<std::uint8_t>(b)];
}

struct kernel_estimate {
  double value = 0, low = 0, high = 0;  ///< seconds; low and high: 10 % and 90 % quantiles
  basis from = basis::roofline;
};

/// The roofline as an estimate: a wide interval, 0.5 to 3 times the value.
kernel_estimate roofline_estimate(const device_rates& rates, const kernel_work& work) noexcept;

/// A kernel on a device: the program's 128-bit id and core's number of the device.
struct kernel_key {
  std::uint64_t high = 0, low = 0;
  int device = 0;
  bool operator==(const kernel_key&) const = default;
};

/// Measured kernel times. Per key and size class (half an octave of the element count) the last 31 samples
/// are kept, of the `most_kernels` keys measured last. One thread at a time.
class history {
 public:
  /// Records one run; ignores zero elements and times that are not finite and positive.
  void add(const kernel_key& key, std::uint64_t elements, double seconds);

  /// The class of `work.elements` has samples: their median, carried to this very size along the roofline.
  /// Two classes around it: log-log interpolation. Classes on one side only: the nearest, scaled along the
  /// roofline. No samples: the roofline. Fewer than 5 samples widen the interval.
  [[nodiscard]] kernel_estimate predict(const kernel_key& key, const device_rates& rates,
                                        const kernel_work& work) const;

  /// Samples kept of this key in the class of `elements`.
  [[nodiscard]] std::size_t samples(const kernel_key& key, std::uint64_t elements) const;
  void clear() noexcept { keys_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  static constexpr std::size_t most_kernels = 4096;

 private:
  static constexpr std::size_t kept = 31;
  struct size_class {
    int index = 0;
    std::uint8_t count = 0, next = 0;
    std::array<float, kept> log_elements{}, log_seconds{};
  };
  struct summary {
    double log_elements = 0, low = 0, median = 0, high = 0;  // logarithms of seconds
    std::size_t count = 0;
  };
  struct hash {
    std::size_t operator()(const kernel_key& k) const noexcept {
      return static_cast<std::size_t>(k.high ^ (k.low * 0x9E3779B97F4A7C15u) ^
                                      (static_cast<std::uint64_t>(k.device) << 32));
    }
  };
  static int class_of(std::uint64_t elements) noexcept;
  static summary summarise(const size_class& c);

  recent_map<kernel_key, std::vector<size_class>, hash> keys_;  // classes sorted by index
};

}  // namespace busfare::model
