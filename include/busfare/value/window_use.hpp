// What a kernel did with one window argument, and what the user promised of it.
#pragma once

#include <cstdint>

namespace busfare::detail {

/// Slowest axis first.
struct window_radii {
  std::int64_t along[3] = {};
};

struct window_use {
  int argument = 0;            ///< of the program
  int rank = 0;                ///< axes
  std::int64_t reach[3] = {};  ///< the largest offset along each axis that was a number
  bool mirrors = false;        ///< the border is an image of the array: wrap, reflect
};

}  // namespace busfare::detail
