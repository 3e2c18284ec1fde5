// Where the groups of a cone run, and what that is predicted to cost.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <busfare/plan.hpp>

#include "core/builder.hpp"
#include "core/kernel_form.hpp"

namespace busfare::core {

/// How far the runs of a plan of `auto` were from what it predicted. Guarded by the run lock.
struct plan_doubts {
  static constexpr int first_patience = 2, longest_patience = 1024;
  int slow_runs = 0;  ///< in a row
  int patience = first_patience;
};

/// A plan for one structure; reused for every cone with the same signature.
struct compiled_plan {
  std::vector<group> groups;
  std::vector<kernel_form> forms;            ///< one per group
  std::vector<int> device;                   ///< index of the slot, one per group
  busfare::plan said;                        ///< candidates and reason; steps without times
  std::shared_ptr<better_once_built> later;  ///< null: no device would be better
  std::shared_ptr<plan_doubts> doubts;       ///< null: the device was asked for by name
  bool checked = false;                      ///< each node is a kernel of its own, and looked at after it ran
};

/// Plans, or finds the plan made before. Placement always counts the results' way to the host, so that
/// `quote`, `run` and reading the result agree on the device.
/// Throws what placement can know: devices that are not there, programs that a pinned device cannot run.
/// `checked`: for a run in check mode.
std::shared_ptr<const compiled_plan> plan_for(const cone& c, bool& reused, bool checked);

/// Counts a run of a plan of `auto`, made before, that took more than twice what was predicted when its
/// device was chosen, and half as much again as another device was predicted to take. After a few in a row
/// the plan is made anew, with the times that were measured since, and after that only for more of them.
void doubt(const receipt& r, const compiled_plan& made) noexcept;

/// Fills the predicted times of steps and of the whole from profiles and histories. `to_host`: this run
/// brings the wanted arrays to the host; else `left_bytes` and `later` say what it leaves. `crossings`, where
/// not null, gets the transfers.
void predict(busfare::plan& p, const compiled_plan& made, const cone& c, bool to_host,
             std::vector<transfer>* crossings = nullptr);

/// The profile of an open device: stored, shipped (simulated) or measured now.
const device_profile& profile(device_slot& slot);
/// Measures and stores.
const device_profile& measure(device_slot& slot);

/// The options with "auto" replaced by the default device: what the user set, else BUSFARE_DEVICE, else
/// "auto".
options effective(const options& how);

void forget_plans();
/// How many plans wait to be used again: those used last, `plan_limit` at most.
std::size_t plans_kept();
inline constexpr std::size_t plan_limit = 1024;

}  // namespace busfare::core
