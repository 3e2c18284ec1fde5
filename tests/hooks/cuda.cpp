// Every CUDA device in the conformance suite. NVRTC is told to round everything, so none may lack exactness.
#include "support/hook.hpp"

static const bool added = conformance::add_hook({"cuda", {"cuda:"}, {}, false});
