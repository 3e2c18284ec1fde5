// Pixels to the bytes of a PNG file.
#pragma once

#include <string>
#include <vector>

namespace busfare::cli {

/// `rgb` holds width * height * 3 bytes, row by row. Empty where there was no memory.
std::string png_of(const std::vector<unsigned char>& rgb, int width, int height);

}  // namespace busfare::cli
