// The one translation unit that compiles stb_image. What it is given is untrusted: sizes are checked before
// it decodes, each of its allocations has a limit, and its own errors become ours.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include <busfare/error.hpp>

#include "exit_code.hpp"
#include "picture.hpp"
#include "plain_jpeg.hpp"

namespace busfare::cli {
namespace {

// Of the decoding that runs on this thread: a small file can unpack to gigabytes that its header denies.
thread_local std::size_t most_allocated = 0;

void* allocate(std::size_t bytes) { return bytes > most_allocated ? nullptr : std::malloc(bytes); }
void* allocate_again(void* old, std::size_t bytes) {
  return bytes > most_allocated ? nullptr : std::realloc(old, bytes);
}

}  // namespace
}  // namespace busfare::cli

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wsign-compare"
// Shifts and sums that C leaves open, copies of no bytes from nowhere: every compiler does them alike, and
// they are stb_image's way.
#ifdef __clang__
#pragma clang attribute push(                                                              \
    __attribute__((no_sanitize("shift", "signed-integer-overflow", "nonnull-attribute"))), \
    apply_to = function)
#endif
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_MALLOC(bytes) busfare::cli::allocate(bytes)
#define STBI_REALLOC(old, bytes) busfare::cli::allocate_again(old, bytes)
#define STBI_FREE(p) std::free(p)
#include <stb_image.h>
#ifdef __clang__
#pragma clang attribute pop
#endif
#pragma GCC diagnostic pop

namespace busfare::cli {
namespace {

// Reads from memory through callbacks, because stb_image takes the end of memory for zeros: a JPEG that was
// cut would come out grey from there on, without a word.
struct reader {
  std::span<const unsigned char> rest;
  const std::stop_token* stop;
  bool ran_out = false;

  static int read(void* self, char* to, int bytes) {
    auto& r = *static_cast<reader*>(self);
    if (r.stop != nullptr && r.stop->stop_requested()) r.rest = {};
    const std::size_t n = std::min(r.rest.size(), static_cast<std::size_t>(std::max(bytes, 0)));
    if (n == 0 && bytes > 0) r.ran_out = true;
    if (n > 0) std::memcpy(to, r.rest.data(), n);
    r.rest = r.rest.subspan(n);
    return static_cast<int>(n);
  }
  static void skip(void* self, int bytes) {
    auto& r = *static_cast<reader*>(self);
    const auto n = static_cast<std::size_t>(std::max(bytes, 0));
    if (n > r.rest.size()) r.ran_out = true;
    r.rest = r.rest.subspan(std::min(n, r.rest.size()));
  }
  static int at_end(void* self) { return static_cast<reader*>(self)->rest.empty() ? 1 : 0; }
};
constexpr stbi_io_callbacks callbacks = {reader::read, reader::skip, reader::at_end};

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw failure(exit_failed, printable(name, 200) + ": " + why);
}

struct header {
  int width = 0, height = 0, channels = 0;
};

// What stb_image is given: a PNG as it is, a JPEG without what it does not need.
class readable {
 public:
  readable(std::span<const unsigned char> bytes, const std::string& name) : bytes_(bytes) {
    constexpr unsigned char png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, jpeg[] = {0xff, 0xd8};
    const auto begins = [&](std::span<const unsigned char> with) {
      return bytes.size() >= with.size() && std::equal(with.begin(), with.end(), bytes.begin());
    };
    if (begins(jpeg)) {
      plain_ = plain_jpeg(bytes, name);
      bytes_ = plain_;
    } else if (!begins(png)) {
      refuse(name, "is no picture that can be read; PNG and JPEG can");
    }
  }
  readable(const readable&) = delete;
  readable& operator=(const readable&) = delete;
  [[nodiscard]] std::span<const unsigned char> bytes() const noexcept { return bytes_; }

 private:
  std::vector<unsigned char> plain_;
  std::span<const unsigned char> bytes_;
};

void check_size(std::uint64_t width, std::uint64_t height, const std::string& name) {
  if (width == 0 || height == 0) refuse(name, "has no pixels");
  if (width > std::uint64_t{most_pixels} / height) {
    refuse(name, "has " + std::to_string(width) + " x " + std::to_string(height) +
                     " pixels, more than the 200 million that fit; make it smaller first");
  }
}

header header_of(std::span<const unsigned char> bytes, const std::string& name) {
  // A PNG has its size at a fixed place. stb_image says of one that is too large only that it is none.
  if (bytes.size() >= 24 && bytes[0] != 0xff) {
    const auto number_at = [&](std::size_t at) {
      std::uint64_t n = 0;
      for (std::size_t k = 0; k < 4; ++k) n = n << 8 | bytes[at + k];
      return n;
    };
    check_size(number_at(16), number_at(20), name);
  }
  most_allocated = std::size_t{1} << 20;
  header h;
  reader r{bytes, nullptr};
  if (stbi_info_from_callbacks(&callbacks, &r, &h.width, &h.height, &h.channels) == 0)
    refuse(name, r.ran_out
                     ? "ends within its header; copy it again"
                     : "has a header that cannot be read; it is damaged, or of a kind that is not read");
  check_size(static_cast<std::uint64_t>(std::max(h.width, 0)),
             static_cast<std::uint64_t>(std::max(h.height, 0)), name);
  return h;
}

std::shared_ptr<std::uint8_t[]> plane_of(std::size_t bytes) {
  void* const p = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (p == nullptr) throw std::bad_alloc();
  return {static_cast<std::uint8_t*>(p), std::free};
}

}  // namespace

std::int64_t declared_pixels(std::span<const unsigned char> bytes, const std::string& name) {
  const header h = header_of(readable(bytes, name).bytes(), name);
  return std::int64_t{h.width} * h.height;
}

picture decode_picture(std::span<const unsigned char> bytes, const std::string& name,
                       const std::stop_token& stop) {
  const readable file(bytes, name);
  const header h = header_of(file.bytes(), name);
  const bool sees_through = h.channels == 2 || h.channels == 4;
  const int channels = sees_through ? 4 : 3;
  const auto pixels = static_cast<std::size_t>(h.width) * static_cast<std::size_t>(h.height);
  // Rows of four 16-bit colours, twice for a buffer that grew; JPEG pads to blocks; the file's own bytes.
  most_allocated = 18 * (static_cast<std::size_t>(h.width) + 64) * (static_cast<std::size_t>(h.height) + 64) +
                   2 * bytes.size() + (std::size_t{1} << 20);
  reader r{file.bytes(), &stop};
  int width = 0, height = 0, found = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> decoded(
      stbi_load_from_callbacks(&callbacks, &r, &width, &height, &found, channels), std::free);
  if (stop.stop_requested()) refuse(name, "stopped");
  const char* const why = decoded ? nullptr : stbi_failure_reason();
  if (r.ran_out || (why != nullptr && std::strcmp(why, "outofdata") == 0))
    refuse(name, "ends before the picture does; copy it again");
  if (!decoded) {
    if (why != nullptr && std::strcmp(why, "outofmem") == 0)
      refuse(name, "there is no memory for it, or it unpacks to more than its header says");
    refuse(name, std::string("cannot be decoded (") +
                     (why != nullptr && *why != 0 ? why : "no reason given") +
                     "); it is damaged, or of a kind that is not read");
  }
  if (width != h.width || height != h.height) refuse(name, "has two sizes; it is damaged");

  const picture p{h.width, h.height, plane_of(pixels), plane_of(pixels), plane_of(pixels)};
  const unsigned char* from = decoded.get();
  for (std::size_t i = 0; i < pixels; ++i, from += channels) {
    unsigned rgb[3] = {from[0], from[1], from[2]};
    if (sees_through)
      for (unsigned& colour : rgb) colour = (colour * from[3] + 255u * (255u - from[3]) + 127u) / 255u;
    p.red[i] = static_cast<std::uint8_t>(rgb[0]);
    p.green[i] = static_cast<std::uint8_t>(rgb[1]);
    p.blue[i] = static_cast<std::uint8_t>(rgb[2]);
  }
  return p;
}

}  // namespace busfare::cli
