// The folder of stored profiles: see profile_store.hpp.
#include "core/profile_store.hpp"

#include <algorithm>
#include <cstdio>
#include <span>

#include <busfare/error.hpp>

namespace busfare::core {

namespace {

constexpr std::uint64_t file_limit = std::uint64_t{1} << 20;

// FNV-1a, 64 bits: names files. The fingerprint inside a file is compared as well.
std::string hash_text(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325u;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  constexpr char digits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; h >>= 4) out[i] = digits[h & 15];
  return out;
}

}  // namespace

profile_store::profile_store(std::string directory_override) : directory_(std::move(directory_override)) {
  if (!directory_.empty()) return;
  const std::string wish = safe_environment("BUSFARE_CACHE");
  if (wish == "off") return;
  read_only_ = wish == "ro";
  if (!wish.empty() && !read_only_) {
    if (wish.front() != '/') {
      note("BUSFARE_CACHE is `" + printable(wish) +
           "`: neither off, ro nor an absolute folder; profiles are not stored");
      return;
    }
    directory_ = wish + "/profiles";
    return;
  }
  const std::string cache = user_cache_directory();
  if (!cache.empty()) directory_ = cache + "/profiles";
}

std::string profile_store::file_name(std::string_view fingerprint) {
  return hash_text(fingerprint) + ".json";
}

void profile_store::note(std::string text) {
  const std::lock_guard lock(mutex_);
  if (std::find(notes_.begin(), notes_.end(), text) == notes_.end()) notes_.push_back(std::move(text));
}

std::vector<std::string> profile_store::notes() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

std::optional<device_profile> profile_store::load(std::string_view fingerprint) {
  if (directory_.empty()) return std::nullopt;
  std::string why;
  const file_descriptor folder = open_private_directory(directory_, false, why);
  if (!folder) return std::nullopt;  // nothing was ever stored, or nothing that may be trusted
  const std::string name = file_name(fingerprint);
  const std::string path = directory_ + "/" + name;
  std::vector<std::byte> bytes;
  switch (read_file_at(folder.get(), name, file_limit, bytes, why)) {
    case read_status::absent:
      return std::nullopt;
    case read_status::failed:
      note("profile " + path + " could not be read: " + why);
      return std::nullopt;
    case read_status::rejected:
      break;
    case read_status::ok:
      try {
        device_profile p = parse_profile({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        if (p.fingerprint == fingerprint) return p;
        why = "it belongs to another device";
      } catch (const error& e) {
        why = e.message();
      }
      break;
  }
  bool aside = false;
  if (!read_only_) aside = ::renameat(folder.get(), name.c_str(), folder.get(), (name + ".bad").c_str()) == 0;
  note("profile " + path + (aside ? " was set aside as " + name + ".bad: " : " is not used: ") + why);
  return std::nullopt;
}

bool profile_store::save(const device_profile& profile) {
  if (directory_.empty() || read_only_) return false;
  try {
    const std::string text = profile_text(profile);
    (void)parse_profile(text);  // what could not be read back is not written
    std::string why;
    const file_descriptor folder = open_private_directory(directory_, true, why);
    if (folder && write_file_at(folder.get(), file_name(profile.fingerprint),
                                std::as_bytes(std::span(text.data(), text.size())), why))
      return true;
    note("the profile of " + profile.device + " could not be stored in " + directory_ + ": " + why);
  } catch (const error& e) {
    note("the profile of " + profile.device + " was not stored: " + e.message());
  }
  return false;
}

}  // namespace busfare::core
