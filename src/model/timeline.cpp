// Profiles on the event engine: see timeline.hpp.
#include "model/timeline.hpp"

#include <string>

#include <busfare/error.hpp>

namespace busfare::model {

int timeline::add_device(const device_profile& profile, int core_group) {
  node n;
  n.profile = profile;
  n.upload = engine_.add_server();
  n.download = engine_.add_server();
  if (core_group < 0) {
    n.kernel = engine_.add_server();
  } else {
    const auto [at, is_new] = cores_.try_emplace(core_group, 0);
    if (is_new) at->second = engine_.add_server();
    n.kernel = at->second;
  }
  const link_curve* up = profile.best(direction::upload);
  const link_curve* down = profile.best(direction::download);
  if (up != nullptr && down != nullptr)
    engine_.pair(n.upload, n.download, up->duplex_factor, down->duplex_factor);
  devices_.push_back(std::move(n));
  return static_cast<int>(devices_.size() - 1);
}

const timeline::node& timeline::at(int device) const {
  if (device < 0 || device >= static_cast<int>(devices_.size()))
    throw error(error_class::invalid_argument, "the timeline has no device " + std::to_string(device));
  return devices_[static_cast<std::size_t>(device)];
}

task_id timeline::submit_host(nanoseconds duration, std::span<const task_id> after) {
  host_after_.insert(host_after_.end(), after.begin(), after.end());
  const task_id t = engine_.submit(host_, duration, host_after_);
  host_after_.assign(1, t);
  return t;
}

task_id timeline::copy(int device, direction way, std::string_view memory, std::uint64_t bytes,
                       std::span<const task_id> after) {
  const node& n = at(device);
  const link_curve* curve = n.profile.find(memory, way);
  if (curve == nullptr)
    throw error(error_class::invalid_argument, "the profile of " + n.profile.device + " has no " +
                                                   name_of(way) + " curve for " + std::string(memory) +
                                                   " memory");
  const nanoseconds submit = to_nanoseconds(curve->submit_seconds);
  if (submit > 0) submit_host(submit, {});
  scratch_.assign(after.begin(), after.end());
  scratch_.insert(scratch_.end(), host_after_.begin(), host_after_.end());
  const task_id t = engine_.submit(way == direction::upload ? n.upload : n.download,
                                   to_nanoseconds(curve->predict(bytes)), scratch_);
  if (memory == "pageable") host_after_.assign(1, t);  // which itself waits for what stood there
  return t;
}

task_id timeline::kernel(int device, double seconds, std::span<const task_id> after) {
  const node& n = at(device);
  scratch_.assign(after.begin(), after.end());
  scratch_.insert(scratch_.end(), host_after_.begin(), host_after_.end());
  return engine_.submit(n.kernel, to_nanoseconds(seconds), scratch_);
}

task_id timeline::host(double seconds, std::span<const task_id> after) {
  return submit_host(to_nanoseconds(seconds), after);
}

void timeline::host_waits(task_id task) { host_after_.push_back(task); }

}  // namespace busfare::model
