// Which CUDA devices are here.
#pragma once

#include <string>
#include <vector>

#include <busfare/backend/module.hpp>

#include "cuda/driver.hpp"
#include "cuda/nvrtc.hpp"

namespace busfare::cuda {

/// One usable GPU. Its name counts the usable ones in the driver's order.
struct found_device {
  CUdevice ordinal = 0;
  backend::device_info info;  ///< exactness as the compiler's options promise it
  std::string architecture;   ///< what NVRTC is asked for: "sm_90"; "compute_90" where only PTX will do
  bool is_text = false;       ///< PTX, which the driver compiles when it is loaded
  bool has_pools = false;     ///< stream-ordered allocation
};

struct found_platform {
  const driver* calls = nullptr;
  const nvrtc* compiler = nullptr;
  std::vector<found_device> devices;
  std::string unavailable, remedy;   ///< why there is no device, and what to do
  std::vector<std::string> skipped;  ///< devices that are here and cannot be used, in words
};

/// Throws only what the standard library throws. The first call starts the driver (up to a second on some
/// machines); no context is made.
found_platform find_devices();

/// "sm_90" for compute capability 9.0 among the architectures that a compiler knows (75, 90, ...): itself,
/// else the nearest below of the same major number, whose code runs on it; else "compute_" and the newest
/// below, as text; empty where there is none.
std::string architecture_for(int capability, const std::vector<int>& known);

}  // namespace busfare::cuda
