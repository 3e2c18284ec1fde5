// The one translation unit that compiles stb_image_write. Its memory is ours to give: where there is none,
// and where the caller wants no picture any more, an exception ends it and what it held is freed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <zlib.h>

#include "png.hpp"

namespace busfare::cli {
namespace {

struct stopped {};

// What the encoder of this thread holds. It keeps thousands of small blocks, so they are linked, not listed.
struct alignas(std::max_align_t) block {
  block *before = nullptr, *after = nullptr;
};
thread_local block held;
thread_local const std::stop_token* stop_of_this = nullptr;

void* linked(block* b) {
  b->before = &held;
  b->after = held.after;
  if (b->after != nullptr) b->after->before = b;
  held.after = b;
  return b + 1;
}
block* unlinked(void* p) {
  block* const b = static_cast<block*>(p) - 1;
  b->before->after = b->after;
  if (b->after != nullptr) b->after->before = b->before;
  return b;
}

void give_back(void* p) {
  if (p != nullptr) std::free(unlinked(p));
}
// The encoder does not look whether it got some.
void* take_again(void* old, std::size_t bytes) {
  if (bytes > PTRDIFF_MAX - sizeof(block)) throw std::bad_alloc();
  block* const b = old != nullptr ? unlinked(old) : nullptr;
  void* const p = std::realloc(b, bytes + sizeof(block));
  if (p == nullptr) {
    if (b != nullptr) linked(b);
    throw std::bad_alloc();
  }
  return linked(b != nullptr ? static_cast<block*>(p) : new (p) block);
}
void* take(std::size_t bytes) { return take_again(nullptr, bytes); }

void go_on() {
  if (stop_of_this != nullptr && stop_of_this->stop_requested()) throw stopped();
}

// Called once a row: the place to ask whether to go on.
void move(void* to, const void* from, std::size_t bytes) {
  go_on();
  std::memmove(to, from, bytes);
}

struct deflater {
  z_stream z{};
  explicit deflater(int level) {
    if (deflateInit(&z, level) != Z_OK) throw std::bad_alloc();
  }
  ~deflater() { deflateEnd(&z); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;
};

// In place of the encoder's own compression, which takes several times as long for files a quarter larger:
// zlib's, in pieces, so that a stop is seen soon. Its higher levels made files of photographs only 2 %
// smaller.
unsigned char* compressed(unsigned char* data, int bytes, int* out_bytes, int) {
  constexpr int piece = 1 << 20, level = 1;
  deflater d(level);
  const uLong most = deflateBound(&d.z, static_cast<uLong>(bytes));
  auto* const out = static_cast<unsigned char*>(take(most));
  d.z.next_out = out;
  d.z.avail_out = static_cast<uInt>(most);
  int code = Z_OK;
  for (int done = 0; code == Z_OK; done += piece) {
    go_on();
    d.z.next_in = data + done;
    d.z.avail_in = static_cast<uInt>(bytes - done < piece ? bytes - done : piece);
    code = deflate(&d.z, bytes - done <= piece ? Z_FINISH : Z_NO_FLUSH);
  }
  if (code != Z_STREAM_END) throw std::bad_alloc();
  *out_bytes = static_cast<int>(d.z.total_out);
  return out;
}

}  // namespace
}  // namespace busfare::cli

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STBI_WRITE_NO_STDIO
#define STBIW_MALLOC(bytes) busfare::cli::take(bytes)
#define STBIW_REALLOC(old, bytes) busfare::cli::take_again(old, bytes)
#define STBIW_FREE(p) busfare::cli::give_back(p)
#define STBIW_MEMMOVE(to, from, bytes) busfare::cli::move(to, from, bytes)
#define STBIW_ZLIB_COMPRESS busfare::cli::compressed
#define STBIW_CRC32(data, bytes) static_cast<unsigned int>(crc32(0, data, static_cast<uInt>(bytes)))
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace busfare::cli {
namespace {

// Paeth's filter for every row: photographs become as small as with the best of five per row, in half the
// time. Set before threads are, since it is one variable for all.
[[maybe_unused]] const int filter = stbi_write_force_png_filter = 4;

}  // namespace

std::string png_of(const std::vector<unsigned char>& rgb, int width, int height,
                   const std::stop_token& stop) {
  std::string bytes;
  const auto append = [](void* to, void* data, int size) {
    static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  };
  stop_of_this = &stop;
  try {
    if (stbi_write_png_to_func(append, &bytes, width, height, 3, rgb.data(), 3 * width) == 0) bytes.clear();
  } catch (const stopped&) {
    bytes.clear();
  } catch (const std::bad_alloc&) {
    bytes.clear();
  }
  stop_of_this = nullptr;
  while (held.after != nullptr) give_back(held.after + 1);
  return bytes;
}

}  // namespace busfare::cli
