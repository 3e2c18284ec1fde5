// The size of the largest arrays of a run: an interpreter of kernels cannot take millions of elements.
#pragma once

#include <cstddef>

namespace conformance {

/// BUSFARE_LARGEST, an element count of at least 4097; without it there is no limit. Cases leave larger sizes
/// out, or shrink them.
std::size_t largest();

}  // namespace conformance
