// Walks the segments. What is dropped is never seen by the decoder, so that the two cannot disagree on where
// a table is: each FF C4 that is left begins one that was checked.
#include "plain_jpeg.hpp"

#include <algorithm>
#include <cstddef>

#include <busfare/error.hpp>

#include "exit_code.hpp"

namespace busfare::cli {
namespace {

constexpr unsigned char huffman_tables = 0xc4, start_of_image = 0xd8, end_of_image = 0xd9,
                        start_of_scan = 0xda, application_0 = 0xe0, application_14 = 0xee,
                        application_15 = 0xef, comment = 0xfe;

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw failure(exit_failed, printable(name, 200) + ": " + why);
}

std::size_t length_at(std::span<const unsigned char> bytes, std::size_t at) {
  return std::size_t{bytes[at]} * 256 + bytes[at + 1];
}

bool alone(unsigned char marker) {  // no length follows
  return marker == 0x01 || (marker >= 0xd0 && marker <= end_of_image);
}
bool dropped(unsigned char marker) {
  return marker == comment ||
         (marker > application_0 && marker <= application_15 && marker != application_14);
}

// `at`: of the length behind FF C4.
void check_tables(std::span<const unsigned char> bytes, std::size_t at, const std::string& name) {
  if (at + 2 > bytes.size()) refuse(name, "ends before the picture does; copy it again");
  std::size_t left = length_at(bytes, at);
  if (left < 2) refuse(name, "is damaged: a Huffman table without a length");
  left -= 2;
  at += 2;
  while (left > 0) {
    if (at + 17 > bytes.size()) refuse(name, "ends before the picture does; copy it again");
    std::size_t codes = 0;
    for (std::size_t k = 1; k <= 16; ++k) codes += bytes[at + k];
    if (codes > 256 || 17 + codes > left) refuse(name, "is damaged: a Huffman table with too many codes");
    at += 17 + codes;
    left -= 17 + codes;
  }
}

// stb_image decodes with tables that the file never gave, from memory that nobody wrote. Empty ones in front
// make that an error: no code is in them.
void add_empty_tables(std::vector<unsigned char>& to) {
  constexpr unsigned char tables = 8, bytes_each = 17;  // DC and AC, four of each
  to.insert(to.end(), {0xff, huffman_tables, 0, 2 + tables * bytes_each});
  for (unsigned char k = 0; k < tables; ++k) {
    to.push_back(static_cast<unsigned char>(k / 4 * 16 + k % 4));
    to.insert(to.end(), 16, 0);
  }
}

}  // namespace

std::vector<unsigned char> plain_jpeg(std::span<const unsigned char> bytes, const std::string& name) {
  std::vector<unsigned char> plain = {0xff, start_of_image};
  plain.reserve(bytes.size() + 256);
  add_empty_tables(plain);
  const auto copy = [&](std::size_t from, std::size_t to) {
    plain.insert(plain.end(), bytes.begin() + static_cast<std::ptrdiff_t>(from),
                 bytes.begin() + static_cast<std::ptrdiff_t>(to));
  };
  std::size_t at = 2;
  while (at + 1 < bytes.size()) {
    // What stands between segments, padding as a rule, is left out.
    if (bytes[at] != 0xff || bytes[at + 1] == 0xff || bytes[at + 1] == 0) {
      ++at;
      continue;
    }
    const unsigned char marker = bytes[at + 1];
    if (alone(marker)) {
      copy(at, at + 2);
      at += 2;
      if (marker == end_of_image) break;
      continue;
    }
    if (at + 4 > bytes.size()) break;
    const std::size_t length = length_at(bytes, at + 2);
    if (length < 2) refuse(name, "is damaged: a segment without a length");
    const std::size_t end = std::min(at + 2 + length, bytes.size());
    if (!dropped(marker)) copy(at, end);
    at = end;
    if (marker != start_of_scan) continue;
    // The scan's data: to the next marker that is no restart.
    std::size_t stop = at;
    while (stop + 1 < bytes.size() && (bytes[stop] != 0xff || bytes[stop + 1] == 0 ||
                                       (bytes[stop + 1] >= 0xd0 && bytes[stop + 1] <= 0xd7)))
      ++stop;
    if (stop + 1 >= bytes.size()) stop = bytes.size();
    copy(at, stop);
    at = stop;
  }
  for (std::size_t k = 0; k + 1 < plain.size(); ++k)
    if (plain[k] == 0xff && plain[k + 1] == huffman_tables) check_tables(plain, k + 2, name);
  return plain;
}

}  // namespace busfare::cli
