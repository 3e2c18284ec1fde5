// What every fuzzer shares: bytes taken as numbers, requirements that end the run, a private folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>

#include <busfare/error.hpp>

namespace fuzz {

/// Ends the run, so that libFuzzer keeps the input.
inline void require(bool holds, const char* what, const std::string& detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n%s\n", what, detail.c_str());
  std::abort();
}

/// Messages reach terminals and logs: they quote untrusted text only in part, and no control characters.
inline void require_printable(const busfare::error& e) {
  const std::string_view said = e.what();
  require(said.size() < 4096, "a message quotes without a limit", std::to_string(said.size()) + " bytes");
  for (const char c : said)
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a message holds a control character",
            std::string(said));
}

inline void require_class(const busfare::error& e, std::initializer_list<busfare::error_class> allowed) {
  for (const busfare::error_class each : allowed)
    if (e.kind() == each) return;
  require(false, "an error of an unexpected class", e.what());
}

/// Bytes of the input, first to last; zeros once they are used up.
class bytes {
 public:
  explicit bytes(std::span<const std::uint8_t> all) : rest_(all) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t b = rest_.front();
    rest_ = rest_.subspan(1);
    return b;
  }
  /// A number below `n`, which is 1 to 256.
  std::size_t below(std::size_t n) { return byte() % n; }
  std::uint64_t word() {
    std::uint64_t w = 0;
    for (int k = 0; k < 8; ++k) w = w << 8 | byte();
    return w;
  }
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return rest_; }

 private:
  std::span<const std::uint8_t> rest_;
};

inline std::string_view text_of(std::span<const std::uint8_t> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// A folder of this process, in memory where the system has such a place; removed with its contents.
class private_folder {
 public:
  private_folder() {
    std::error_code failed;
    const char* parent = std::filesystem::is_directory("/dev/shm", failed) ? "/dev/shm" : "/tmp";
    path_ = std::string(parent) + "/busfare-fuzz-XXXXXX";
    require(::mkdtemp(path_.data()) != nullptr, "no temporary folder", path_);
  }
  ~private_folder() {
    std::error_code failed;
    std::filesystem::remove_all(path_, failed);
  }
  private_folder(const private_folder&) = delete;
  private_folder& operator=(const private_folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Writes a file as somebody else could have left it there: no checks, no atomic rename.
inline void write_file(const std::string& path, std::span<const std::uint8_t> data) {
  std::FILE* const f = std::fopen(path.c_str(), "wb");
  require(f != nullptr, "a file cannot be opened", path);
  require(std::fwrite(data.data(), 1, data.size(), f) == data.size(), "a file cannot be written", path);
  require(std::fclose(f) == 0, "a file cannot be closed", path);
}

}  // namespace fuzz
