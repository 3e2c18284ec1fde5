// What a device's arithmetic really does, found by running it.
#pragma once

#include <busfare/backend/arithmetic.hpp>

#include "opencl/program_cache.hpp"

namespace busfare::opencl {

/// Runs 64 triples of hard values through + - * / sqrt fma and a separately stated a * b + c and compares
/// with the host. `vectors`: by the operations of vectors, too, which are functions of their own in some
/// drivers. Blocks for one build and one short launch of each. Throws what the calls throw.
backend::arithmetic probe_exactness(const wall& w, program_cache& programs, cl_context context,
                                    cl_command_queue queue, bool f64, bool vectors);

}  // namespace busfare::opencl
