// Which results of a run nobody reads after one of its groups.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/planner.hpp"
#include "core/residency.hpp"

namespace busfare::core {

/// Results that only this run's own groups read, all on the device that makes them. Their memory is free
/// after the last of these groups, in the order of that device's compute queue; the arrays themselves stay,
/// and should the run fail they are computed again.
class last_uses {
 public:
  /// `outputs`: a handle to each array that is alive, per node of the cone; the caller's only ones.
  last_uses(const cone& c, const compiled_plan& made,
            const std::vector<std::vector<detail::array_handle>>& outputs);

  /// What group `g` was the last to read.
  [[nodiscard]] std::span<const value_ref> of(std::size_t g) const {
    if (ends_.empty()) return {};
    return ends_[g];
  }

 private:
  std::vector<std::vector<value_ref>> ends_;
};

/// Takes the memory of `a`, which was computed on `slot` in this run and is not read any more. The host's own
/// is freed, since its device is done with it; others' waits in the log for a result of the same size.
void retire(detail::array_state& a, device_slot& slot, run_log& log);
/// Idle memory for a result, as `make_room`, for work behind what used it before; null where there is none.
const backend::block* reuse_room(device_slot& slot, detail::array_state& a, run_log& log);

}  // namespace busfare::core
