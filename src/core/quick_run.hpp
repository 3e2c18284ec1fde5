// The short way to a small result: one node on the host's own device, by a plan that is known.
#pragma once

#include <cstdint>
#include <memory>

#include "core/planner.hpp"

namespace busfare::core {

/// Computes what `a` waits for as a whole run would, where nobody gets a receipt of it, the node is a map or
/// a reduction with one result and inputs on the host alone, and `keep_quick` kept its plan. False: nothing
/// was done, and nothing was wrong. The node is left in `gone`, to be destroyed without the lock. The run
/// lock is held.
bool run_quickly(const detail::array_handle& a, std::shared_ptr<node>& gone);

/// After a run: keeps its plan, where that is one kernel on the host that takes next to no time and was
/// planned in the present epoch. Kept are a few, by call site; every so often such a node is run as a whole
/// again, which teaches predictions.
void keep_quick(const cone& c, const compiled_plan& made, double predicted_seconds,
                std::uint64_t epoch_before) noexcept;

/// Moves with `forget_quick`: what was planned in an earlier one is not used. Any thread.
std::uint64_t quick_epoch() noexcept;

/// For whatever changes plans or drops kernels. Any thread.
void forget_quick() noexcept;

}  // namespace busfare::core
