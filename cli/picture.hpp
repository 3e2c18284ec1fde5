// Photographs from files: PNG and JPEG to planes of u8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace busfare::cli {

/// One plane per colour, row by row: width * height bytes each, at multiples of 64, which devices that share
/// the host's memory can use in place.
struct picture {
  int width = 0, height = 0;
  std::shared_ptr<std::uint8_t[]> red, green, blue;
};

/// The most pixels a picture may have, and the most bytes its file.
inline constexpr std::int64_t most_pixels = 200'000'000;
inline constexpr std::int64_t most_file_bytes = std::int64_t{1} << 30;

/// All bytes of a regular file. Blocks while it reads. Throws failure(exit_failed) with the name and the
/// reason: missing, no file, empty, above most_file_bytes.
std::vector<unsigned char> bytes_of_picture(const std::string& name);

/// Pixels that the file's header declares, width * height; nothing is decoded. `name` is what messages call
/// it. Throws failure(exit_failed): neither PNG nor JPEG, above most_pixels.
std::int64_t declared_pixels(std::span<const unsigned char> bytes, const std::string& name);

/// Decodes. Grey becomes three equal colours, 16 bits become 8, what is transparent is laid on white. Memory:
/// up to about 20 bytes per pixel meanwhile, and never more per block than the header's pixels justify.
/// Throws failure(exit_failed), also where the file ends before the picture does and where `stop` says so
/// meanwhile.
picture decode_picture(std::span<const unsigned char> bytes, const std::string& name,
                       const std::stop_token& stop = {});

}  // namespace busfare::cli
