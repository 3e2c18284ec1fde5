// What a device's arithmetic really does, found by running it.
#pragma once

#include <busfare/backend/module.hpp>

#include "opencl/program_cache.hpp"

namespace busfare::opencl {

struct exactness {
  bool div_sqrt = false;   ///< division and square root are correctly rounded, f64 too where there is f64
  bool denormals = false;  ///< denormal operands and results are kept
  bool basic = false;      ///< + - * fma are exact and a * b + c is not contracted
};

/// Runs 64 triples of hard values through + - * / sqrt fma and a separately stated a * b + c and compares
/// with the host. Blocks for one build and one short launch. Throws what the calls throw.
exactness probe_exactness(const wall& w, program_cache& programs, cl_context context, cl_command_queue queue,
                          bool f64);

}  // namespace busfare::opencl
