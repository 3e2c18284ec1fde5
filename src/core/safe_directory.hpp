// Private folders and small files in them: how the kernel cache and the profiles touch the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace busfare::core {

/// Owns one file descriptor; -1 is none.
class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int fd) noexcept : fd_(fd) {}
  file_descriptor(file_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  file_descriptor(const file_descriptor&) = delete;
  file_descriptor& operator=(const file_descriptor&) = delete;
  ~file_descriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void close() noexcept;

 private:
  int fd_ = -1;
};

/// The value of an environment variable, or empty; always empty in a process with raised privileges.
std::string safe_environment(const char* name);

/// True where real and effective user or group differ: then nothing is read from or written to user folders.
bool privileges_are_raised() noexcept;

/// "$XDG_CACHE_HOME/busfare" (absolute values only) or "$HOME/.cache/busfare"; empty where there is none or
/// privileges are raised. Never a temporary folder and never relative. Creates nothing.
std::string user_cache_directory();

/// Opens a folder by its absolute path. With `create`, missing folders are made with mode 0700. The folder
/// itself must not be a symbolic link, must belong to the effective user and must not be writable by others.
/// Returns none and sets `why` otherwise. Blocks on the disk; any thread.
file_descriptor open_private_directory(const std::string& path, bool create, std::string& why);

enum class read_status : unsigned char {
  ok,
  absent,    ///< no such file
  rejected,  ///< there, but not a private regular file within the limit
  failed,    ///< an I/O error
};

/// Reads a whole file of an opened folder into `out`. The file must be regular (never a link or a FIFO),
/// owned by the effective user, not writable by others and at most `limit` bytes long. `why` is set unless
/// the status is `ok` or `absent`. Blocks on the disk; any thread.
read_status read_file_at(int directory, const std::string& name, std::uint64_t limit,
                         std::vector<std::byte>& out, std::string& why);

/// Replaces a file of an opened folder atomically: temporary file beside it, fsync, rename. False with `why`
/// set on failure, and then the old file stands. Blocks on the disk; any thread and any number of processes.
bool write_file_at(int directory, const std::string& name, std::span<const std::byte> bytes,
                   std::string& why);

/// Removes a file of an opened folder; false where it could not.
bool remove_file_at(int directory, const std::string& name) noexcept;

/// What `write_file_at` calls its temporary files; one that a killed process left begins so.
inline constexpr const char* temporary_prefix = ".tmp-";

}  // namespace busfare::core
