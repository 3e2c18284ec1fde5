// Devices that `auto` shall not find during a test.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"

namespace busfare_tests {

/// While this lives, `auto` finds the cpu and the devices that `stays` keeps, no other one. Plans made before
/// and meanwhile are forgotten.
class hidden_devices {
 public:
  using choice = std::function<bool(const busfare::core::device_slot&)>;

  explicit hidden_devices(const choice& stays) {
    for (const auto& slot : busfare::core::device_list::shared().slots())
      modules_.push_back(slot->is_host() || stays(*slot) ? slot->from : std::exchange(slot->from, nullptr));
    busfare::forget();
  }
  ~hidden_devices() {
    for (std::size_t s = 0; s < modules_.size(); ++s)
      busfare::core::device_list::shared().slots()[s]->from = modules_[s];
    busfare::forget();
  }
  hidden_devices(const hidden_devices&) = delete;
  hidden_devices& operator=(const hidden_devices&) = delete;

 private:
  std::vector<const busfare::backend::module*> modules_;
};

}  // namespace busfare_tests
