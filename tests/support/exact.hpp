// The references of `busfare accuracy`, for the tests: exact results, and distances from them.
#pragma once

#include "accuracy/exact.hpp"
#include "accuracy/ulp.hpp"

namespace busfare_test {
using namespace busfare::accuracy;
}  // namespace busfare_test
