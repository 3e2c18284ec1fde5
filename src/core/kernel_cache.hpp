// Built kernels on disk, in a folder that is treated as hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace busfare::core {

/// A cache of payloads by key. The folder is $XDG_CACHE_HOME/busfare/kernels or ~/.cache/busfare/kernels;
/// BUSFARE_CACHE=off|ro|DIR (an absolute DIR) overrides it. A folder or an entry that others could have
/// written is not used, and `notes` says so; nothing of this ever throws or fails a run. An entry holds the
/// whole key, which is compared byte for byte, and a checksum of the payload; an entry with bad content is a
/// miss and is removed, an I/O error is a miss and removes nothing. The least recently used entries go when
/// `limit_bytes` is passed.
/// Any thread; any number of processes on one folder. Calls block on the disk. The folder is opened at the
/// first call.
class kernel_cache {
 public:
  struct counts {
    std::uint64_t hits = 0, misses = 0;
    std::uint64_t rejected = 0;  ///< entries that were there and not used; also counted as misses
    std::uint64_t written = 0;
  };

  static constexpr std::uint64_t default_limit = std::uint64_t{256} << 20;  ///< bytes of all entries
  static constexpr std::uint64_t entry_limit = std::uint64_t{64} << 20;     ///< bytes of one entry

  /// `directory_override` (absolute) is used as it stands and the environment is then ignored.
  explicit kernel_cache(std::string directory_override = {}, std::uint64_t limit_bytes = default_limit);
  ~kernel_cache();
  kernel_cache(const kernel_cache&) = delete;
  kernel_cache& operator=(const kernel_cache&) = delete;

  /// True and the payload on a hit; false and an empty payload otherwise.
  bool get(std::string_view key, std::vector<std::byte>& payload) noexcept;
  /// Keeps a copy, where it can.
  void put(std::string_view key, const std::byte* payload, std::size_t bytes) noexcept;

  /// What a person should know: why the cache is off, which entries were set aside. Each text once.
  [[nodiscard]] std::vector<std::string> notes() const;
  [[nodiscard]] counts stats() const noexcept;
  /// The folder in use; empty where the cache is off.
  [[nodiscard]] std::string directory() const;

  /// The file name of a key's entry.
  static std::string file_name(std::string_view key);
  /// The process's cache.
  static kernel_cache& shared();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace busfare::core
