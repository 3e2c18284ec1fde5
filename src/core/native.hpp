// What holds and adopted memory need of a device.
#pragma once

#include <string>

#include <busfare/native.hpp>

#include "core/devices.hpp"

namespace busfare::core {

/// The device, opened. Throws invalid_argument where it shares nothing, or has no streams and one is given.
/// The run lock is held.
device_slot& open_for_sharing(const std::string& device, const native_stream* stream,
                              const source_line& line);

}  // namespace busfare::core
