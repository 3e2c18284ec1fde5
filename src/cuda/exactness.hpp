// What a device's arithmetic really does, found by running it.
#pragma once

#include <busfare/backend/arithmetic.hpp>

#include "cuda/memory.hpp"
#include "cuda/program_cache.hpp"

namespace busfare::cuda {

/// Runs 64 triples of hard values through + - * / sqrt fma and a separately stated a * b + c, in f32 and f64,
/// and compares with the host. Blocks for one build and two short launches. Throws what the calls throw.
backend::arithmetic probe_exactness(const context& c, memory& m, program_cache& programs);

}  // namespace busfare::cuda
