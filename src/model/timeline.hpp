// Profiles on the event engine: copies, kernels and host work of several devices as tasks. The planner and
// the simulated device use this one, so that a plan and a simulated run obey the same rules.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include <busfare/profile.hpp>

#include "model/engine.hpp"

namespace busfare::model {

/// Rules: one host thread submits in the order of the calls. A copy first keeps the host busy for
/// `submit_seconds`, then one direction of the link for `link_curve::predict`; the two directions slow each
/// other by the duplex factors. A copy of pageable memory keeps the host until it ends. A kernel keeps the
/// device's cores busy; devices of one core group share them. One thread at a time.
class timeline {
 public:
  timeline() : host_(engine_.add_server()) {}

  /// Adds a device and returns its number, from 0. `core_group` as in device_info; -1: cores of its own.
  /// The profile is copied.
  int add_device(const device_profile& profile, int core_group);

  /// A transfer of `bytes` over the device's link after all of `after`. Throws invalid_argument when the
  /// profile has no curve for this memory and direction.
  task_id copy(int device, direction way, std::string_view memory, std::uint64_t bytes,
               std::span<const task_id> after = {});
  /// A kernel of `seconds` (launch included) on the device.
  task_id kernel(int device, double seconds, std::span<const task_id> after = {});
  /// Work of the host thread itself, e.g. a build.
  task_id host(double seconds, std::span<const task_id> after = {});
  /// The host thread does nothing more before `task` ends.
  void host_waits(task_id task);

  [[nodiscard]] const device_profile& profile(int device) const { return at(device).profile; }
  [[nodiscard]] engine& events() noexcept { return engine_; }
  [[nodiscard]] const engine& events() const noexcept { return engine_; }

 private:
  struct node {
    device_profile profile;
    server_id upload = 0, kernel = 0, download = 0;
  };
  [[nodiscard]] const node& at(int device) const;
  task_id submit_host(nanoseconds duration, std::span<const task_id> after);

  engine engine_;
  server_id host_;
  std::vector<task_id> host_after_;  // what the host's next task waits for
  std::vector<task_id> scratch_;
  std::vector<node> devices_;
  std::map<int, server_id> cores_;  // by core group
};

}  // namespace busfare::model
