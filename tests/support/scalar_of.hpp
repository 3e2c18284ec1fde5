// The scalar reading of a kernel, for the conformance cases.
#pragma once

#include "accuracy/row_kernel.hpp"

namespace conformance {
using busfare::accuracy::scalar_of;
}  // namespace conformance
