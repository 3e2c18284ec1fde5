// A JPEG reduced to what its pixels need, with tables that its decoder can hold.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace busfare::cli {

/// A copy of the file without comments and application data but JFIF's and Adobe's, which tell how colours
/// are coded. Every Huffman table in it has at most 256 codes, as its decoder's has room for: stb_image
/// before 2.28 does not look. `bytes` begin with FF D8. Throws failure(exit_failed) where the segments or a
/// table are damaged, and where the file ends within a segment's header. Linear in the file's size.
std::vector<unsigned char> plain_jpeg(std::span<const unsigned char> bytes, const std::string& name);

}  // namespace busfare::cli
