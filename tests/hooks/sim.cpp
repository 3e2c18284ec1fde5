// The simulated devices in the conformance suite: one of them, since all compute on the cpu.
#include "support/hook.hpp"

static const bool added = conformance::add_hook({"sim", {"sim:h200-pcie5"}, {}, false});
