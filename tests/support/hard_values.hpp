// The operands of `busfare accuracy`, for the tests: values that break arithmetic, random ones, same bits.
#pragma once

#include "accuracy/hard_values.hpp"

namespace busfare_test {
using namespace busfare::accuracy;
}  // namespace busfare_test
