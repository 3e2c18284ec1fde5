// Transfers and builds ahead of the run that needs them.
#pragma once

#include <memory>
#include <span>

#include <busfare/plan.hpp>

#include "core/residency.hpp"

namespace busfare::core {

/// Keeps what the log holds until its events are done; `settle_prefetches` looks. The run lock is held.
void keep_until_done(std::unique_ptr<run_log> log);

/// Lets go of prefetches that are done; one that failed is forgotten, with a note. `all`: waits for the
/// others. The run lock is held.
void settle_prefetches(bool all) noexcept;

/// Throws invalid_argument, naming every crossing of the plan that moves bytes and that nobody spelled.
void refuse_implied(std::span<const transfer> crossings);

}  // namespace busfare::core
