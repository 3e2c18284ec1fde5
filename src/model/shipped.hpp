// The profiles of simulated devices that every build carries; profiles/*.json hold the same numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <busfare/profile.hpp>

namespace busfare::model {

/// "h200-pcie5", "a100-pcie4", ...: device first, link second. Sorted as `busfare devices` lists them.
const std::vector<std::string>& shipped_names();

/// The profile `name` (one of `shipped_names`). Throws unavailable, listing what exists.
device_profile shipped_profile(std::string_view name);

/// The profile of a device name such as "sim:h200-pcie5" or "sim:h200-pcie5?slow=8" (slow: a decimal number
/// from 1 to 1e6 that divides every rate; start costs stay). `device` of the result is the name as given.
/// Throws unavailable for an unknown device, invalid_argument for options that are malformed or unknown.
device_profile simulated_profile(std::string_view device_name);

/// Divides every rate of links and device by `factor` (> 0).
void slow_down(device_profile& profile, double factor) noexcept;

}  // namespace busfare::model
