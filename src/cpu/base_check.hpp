// The comparison of a kernel's wide code with its base code, once per executable.
#pragma once

#include "cpu/plan.hpp"
#include "cpu/scratch.hpp"

namespace busfare::cpu {

/// False where all of the plan's code is `base`, or promises nothing.
bool needs_base_check(const plan& p) noexcept;

/// Runs the launch's first elements (up to 253, so that full packs and a remainder are met; folds: the first
/// tree block) through both codes, step by step on the same inputs, into memory of its own. NaNs are equal.
/// Throws `internal` naming step, element and both values. The launch's memory is only read.
void check_against_base(const plan& p, const frame& f);

}  // namespace busfare::cpu
