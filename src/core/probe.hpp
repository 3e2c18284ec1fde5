// The kernels and runs that calibration times on an open device.
#pragma once

#include "core/calibrate.hpp"
#include "core/devices.hpp"

namespace busfare::core {

/// Its functions run ordinary recorded kernels on the device, and hold the slot by reference. The run lock is
/// held while they are called.
calibration_probe probe_on(device_slot& slot);

}  // namespace busfare::core
