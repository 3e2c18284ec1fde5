// The quick calibration: a device's links and rates in under a second.
#pragma once

#include <cstdint>
#include <functional>

#include <busfare/backend/device.hpp>
#include <busfare/profile.hpp>

namespace busfare::core {

/// What calibration needs to run on the device and cannot build by itself. Each returns the seconds of one
/// run; an empty function leaves its number unknown (0).
struct calibration_probe {
  std::function<double(std::uint64_t n)> triad_seconds;  ///< a[i] = b[i] + s * c[i] over n elements
  double triad_bytes_per_element = 12;                   ///< read and written, f32
  std::function<double(std::uint64_t n)> flops_seconds;  ///< a kernel that computes far more than it moves
  double flops_per_element = 0;                          ///< of `flops_seconds`, f32
  std::function<double()> launch_seconds;                ///< a launch of next to nothing
};

/// Measures the link (pageable memory both ways, or the fence where memory is shared) at 64 KiB, 1 MiB and
/// 16 MiB with random bytes, interleaved, medians; and the rates by the probe. Stops early rather than take
/// much more than a second; blocks that long. Uses up to 32 MiB of host and 16 MiB of device memory. Throws
/// invalid_argument for a device with a virtual clock (its profile is shipped), and what the device throws.
device_profile quick_calibrate(backend::device& device, const calibration_probe& probe);

}  // namespace busfare::core
