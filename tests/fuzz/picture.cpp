// What `busfare demo photo` reads: a picture within its limits, or a failure that says why.
#include "cli/picture.hpp"

#include "cli/exit_code.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace busfare::cli;
  const std::span<const unsigned char> bytes(data, size);
  std::int64_t pixels = 0;
  try {
    pixels = declared_pixels(bytes, "input");
    fuzz::require(pixels >= 1 && pixels <= most_pixels, "a size beyond its limits");
    if (pixels > 1'000'000) return 0;  // allowed, but too slow here
    const picture p = decode_picture(bytes, "input");
    fuzz::require(std::int64_t{p.width} * p.height == pixels, "the header declares another size");
    unsigned sum = 0;  // every byte is there
    for (const auto& plane : {p.red, p.green, p.blue})
      for (std::int64_t i = 0; i < pixels; ++i) sum += plane[i];
    fuzz::require(sum <= 3 * 255u * static_cast<unsigned>(pixels), "impossible colours");
  } catch (const failure& e) {
    fuzz::require(e.code() == exit_failed, "another exit code");
    fuzz::require(std::string_view(e.what()).substr(0, 6) == "input:", "a failure without the file's name",
                  e.what());
  }
  return 0;
}
