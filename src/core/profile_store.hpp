// Profiles as JSON, and their folder in the user's cache.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <busfare/profile.hpp>

#include "core/safe_directory.hpp"

namespace busfare::core {

/// Schema of the profile file. Files of another schema are set aside and the device is measured again: that
/// takes a second, and numbers made up for what an older calibration did not measure would make every quote
/// of a small job wrong. 2: host time of runs, launches and transfers, cached builds, divisions.
inline constexpr int profile_schema = 2;

/// The profile as one JSON text with schema number and checksum.
std::string profile_text(const device_profile& profile);

/// Reads such a text; untrusted input. Throws corrupt, naming the place, for anything but a whole, plausible
/// profile of this schema with the right checksum.
device_profile parse_profile(std::string_view text);

/// Profiles by fingerprint in $XDG_CACHE_HOME/busfare/profiles or ~/.cache/busfare/profiles.
/// BUSFARE_CACHE=off switches it off, =ro reads only, =DIR (absolute) uses DIR/profiles. Nothing here throws
/// for what lies on the disk: a bad file is renamed to NAME.bad and named in `notes`. Any thread; blocks on
/// the disk.
class profile_store {
 public:
  /// `directory_override` (absolute) is used as it stands and the environment is then ignored.
  explicit profile_store(std::string directory_override = {});

  /// The stored profile of this fingerprint; nullopt where there is none that can be used.
  std::optional<device_profile> load(std::string_view fingerprint);
  /// Stores atomically; false (and a note) where it could not.
  bool save(const device_profile& profile);

  /// What a person should know; each text once.
  [[nodiscard]] std::vector<std::string> notes() const;
  /// The folder in use; empty where the store is off.
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  /// The file name of a fingerprint's profile.
  static std::string file_name(std::string_view fingerprint);

 private:
  void note(std::string text);

  std::string directory_;
  bool read_only_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> notes_;
};

}  // namespace busfare::core
