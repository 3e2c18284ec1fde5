// The quick calibration: a device's links and rates in under a second.
#pragma once

#include <cstdint>
#include <functional>

#include <busfare/backend/device.hpp>
#include <busfare/profile.hpp>

namespace busfare::core {

/// What building one kernel takes, its first launch included: some compilers work then. 0: not known.
struct build_times {
  double full = 0, cached = 0;
};

/// What calibration needs to run on the device and cannot build by itself. Each returns the seconds of one
/// run; an empty function leaves its number unknown (0).
struct calibration_probe {
  std::function<double(std::uint64_t n)> triad_seconds;  ///< a[i] = b[i] + s * c[i] over n elements
  double triad_bytes_per_element = 12;                   ///< read and written, f32
  /// Kernels that compute far more than they move: fused multiply-adds, and divisions with nothing else.
  std::function<double(std::uint64_t n)> flops_seconds, flops_f64_seconds;
  double flops_per_element = 0;
  std::function<double(std::uint64_t n)> divisions_seconds, divisions_f64_seconds;
  double divisions_per_element = 0;
  std::function<double()> launch_seconds;  ///< a launch of next to nothing, on the engine's clock
  /// The host's time beside the engines' in a run of small kernels: so many launches, of which the first
  /// needs so many transfers.
  std::function<double(int launches, int uploads)> run_overhead;
  /// The same of reading one small result on the host.
  std::function<double()> read_overhead;
  std::function<build_times()> builds;
};

/// Measures the link (pageable memory both ways, and the fence where memory is shared) at 64 KiB, 1 MiB and
/// 16 MiB with random bytes, interleaved, medians; the rates, and the host's part in runs, launches and
/// transfers, by the probe. Stops early rather than take much more than two seconds; blocks that long. Uses
/// up to 32 MiB of host and 16 MiB of device memory. Throws invalid_argument for a device with a virtual
/// clock (its profile is shipped), and what the device throws.
device_profile quick_calibrate(backend::device& device, const calibration_probe& probe);

}  // namespace busfare::core
