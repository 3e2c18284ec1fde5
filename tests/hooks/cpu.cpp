// The cpu in the conformance suite.
#include "support/hook.hpp"

static const bool added = conformance::add_hook({"cpu", {"cpu"}, {}, false});
