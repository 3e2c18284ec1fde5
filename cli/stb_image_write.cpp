// The one translation unit that compiles stb_image_write.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>
#pragma GCC diagnostic pop

#include "png.hpp"

namespace busfare::cli {

std::string png_of(const std::vector<unsigned char>& rgb, int width, int height) {
  std::string bytes;
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  if (stbi_write_png_to_func(append, &bytes, width, height, 3, rgb.data(), 3 * width) == 0) bytes.clear();
  return bytes;
}

}  // namespace busfare::cli
