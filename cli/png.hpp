// Pixels to the bytes of a PNG file.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

namespace busfare::cli {

/// `rgb` holds width * height * 3 bytes, row by row. Empty where there was no memory, and soon after `stop`
/// said so. Single-threaded: about half a second for 14 million pixels of a photograph.
std::string png_of(const std::vector<unsigned char>& rgb, int width, int height,
                   const std::stop_token& stop = {});

}  // namespace busfare::cli
