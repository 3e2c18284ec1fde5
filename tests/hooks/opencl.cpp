// Every OpenCL device in the conformance suite. Drivers may round division or flush denormals: probing finds
// out.
#include "support/hook.hpp"

static const bool added = conformance::add_hook({"opencl", {"opencl:"}, {}, true});
