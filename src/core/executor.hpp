// Carrying out a plan.
#pragma once

#include <span>
#include <string>

#include <busfare/receipt.hpp>

#include "core/planner.hpp"
#include "core/run_control.hpp"

namespace busfare::core {

/// Runs what `wanted` need. With `to_host` they are on the host afterwards. On an error nothing has changed
/// but caches: arrays that were not computed stay recorded. The run lock is held. `control`: stops the run
/// and is told of it; null where nobody asks.
receipt execute(std::span<const detail::array_handle> wanted, bool to_host, std::string cause,
                run_control* control = nullptr);

/// The plan alone, with the wanted arrays brought to the host.
busfare::plan quote(std::span<const detail::array_handle> wanted);

struct run_counts {
  std::uint64_t runs = 0, plans_reused = 0, plans_made = 0, built = 0, build_cache_hits = 0, launches = 0;
  std::uint64_t built_behind = 0;       ///< of `built`
  std::uint64_t short_runs = 0;         ///< of `runs`
  std::uint64_t cuts[cut_causes] = {};  ///< kernels that a fusion ended before, by cut_cause
};
run_counts& counts();

}  // namespace busfare::core
