// What is done to a photograph, recorded as one chain.
#pragma once

#include <cstdint>
#include <string>

#include <busfare/array.hpp>

#include "picture.hpp"

namespace busfare::cli {

/// Recorded, not yet run. `red`, `green` and `blue` have the picture's extents {height, width}; `thumbnail`
/// has {thumbnail height, 3 * thumbnail width}: red, green, blue, red, ...
struct edited_photo {
  array<std::uint8_t> red, green, blue, thumbnail;
};

/// Blurs the luminance, sharpens it by what the blur took away, gives it contrast, moves the colours with it,
/// and shrinks the result to at most 320 pixels a side. Shares the planes. Runs nothing. Any thread.
edited_photo record_edit(const std::string& device, const picture& p);

}  // namespace busfare::cli
