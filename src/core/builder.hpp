// Kernels that are built behind the scenes, for plans of `auto` that are answered elsewhere until then.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/fusion.hpp"

namespace busfare::core {

struct compiled_plan;

/// The device that would end a plan first, were it not for the building of its kernels. Guarded by the run
/// lock.
struct better_once_built {
  int device = -1;                  ///< index of the slot
  std::vector<std::size_t> groups;  ///< that `auto` placed
  double saves = 0;                 ///< predicted seconds of each run
  double build = 0;                 ///< predicted seconds, once
  double missed = 0;                ///< seconds that runs would have saved so far
  bool begun = false;
};

/// Gives the devices what was built for them since the last call. After a failure plans are made anew,
/// without the kernel that cannot be built. The run lock is held.
void take_in_built();

/// Whether all those kernels are built by now, by whomever.
bool is_built(const compiled_plan& made, const better_once_built& there);
/// Whether building them was not tried in vain.
bool can_build(const compiled_plan& made, const better_once_built& there);

/// Counts a run that was answered elsewhere. Once such runs would have saved a tenth of what building takes,
/// the kernels are ordered, from a thread of their own, and the next run after that plans anew. A kernel that
/// cannot be built leaves a note and is not ordered again. What keeps an order from being made leaves a note,
/// too: the run's results are there. The run lock is held.
void consider_building(const std::shared_ptr<const compiled_plan>& made, const cone& c) noexcept;

/// Returns when nothing is ordered any more. The run lock is not held.
void await_builder();

}  // namespace busfare::core
