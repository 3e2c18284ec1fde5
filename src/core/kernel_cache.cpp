// Built kernels on disk: one checked file per entry, least recently used removed first.
#include "core/kernel_cache.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

#include <busfare/config.hpp>
#include <busfare/error.hpp>

#include "core/safe_directory.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace busfare::core {
namespace {

// An entry is this header, the key, the payload, and not one byte more. The layout is this machine's own: an
// entry of a machine with another byte order fails the magic.
struct entry_header {
  std::uint64_t magic;
  std::uint32_t format;
  std::uint32_t library;
  std::uint64_t key_bytes;
  std::uint64_t payload_bytes;
  XXH128_canonical_t checksum;  // of the payload; guards against damage, not against an attacker
};
static_assert(sizeof(entry_header) == 48);

constexpr std::uint64_t magic_number = 0x4b65726166737562;  // "busfareK" in memory
constexpr std::uint32_t format_version = 1;
constexpr std::uint32_t library_version =
    BUSFARE_VERSION_MAJOR << 16 | BUSFARE_VERSION_MINOR << 8 | BUSFARE_VERSION_PATCH;
constexpr const char* suffix = ".kernel";
constexpr std::size_t notes_limit = 32;
constexpr std::time_t hour = 3600;

XXH128_canonical_t checksum_of(const void* data, std::size_t bytes) {
  XXH128_canonical_t c;
  XXH128_canonicalFromHash(&c, XXH3_128bits(data, bytes));
  return c;
}

// Only what this class wrote may be swept: 32 hex digits and the suffix.
bool is_entry_name(std::string_view name) {
  return name.size() == 32 + std::strlen(suffix) && name.ends_with(suffix) &&
         name.find_first_not_of("0123456789abcdef") == 32;
}

// Empty where the entry is good; else what is wrong with it.
const char* fault_of(const std::vector<std::byte>& file, std::string_view key) {
  entry_header h;
  if (file.size() < sizeof h) return "is cut short";
  std::memcpy(&h, file.data(), sizeof h);
  if (h.magic != magic_number) return "is not a kernel cache entry";
  if (h.format != format_version || h.library != library_version) return "is of another version";
  const std::uint64_t rest = file.size() - sizeof h;
  if (h.key_bytes > rest || h.payload_bytes != rest - h.key_bytes) return "has a wrong length";
  if (h.key_bytes != key.size() || std::memcmp(file.data() + sizeof h, key.data(), key.size()) != 0)
    return "is of another key";
  const XXH128_canonical_t sum = checksum_of(file.data() + sizeof h + key.size(), h.payload_bytes);
  if (std::memcmp(&sum, &h.checksum, sizeof sum) != 0) return "fails its checksum";
  return nullptr;
}

}  // namespace

struct kernel_cache::state {
  enum class access : unsigned char { unopened, off, read_only, read_write };

  std::string override_path;
  std::uint64_t limit;
  mutable std::mutex guard;  // everything below
  access mode = access::unopened;
  std::string path;
  file_descriptor folder;
  std::vector<std::string> notes;
  std::uint64_t bytes_known = 0;  // of all entries at the last sweep, and of what was written since
  std::time_t swept_at = 0;
  bool swept = false;
  std::atomic<std::uint64_t> hits{0}, misses{0}, rejected{0}, written{0};

  void note(const std::string& text) {
    const std::lock_guard lock(guard);
    note_locked(text);
  }
  void note_locked(const std::string& text) {
    if (notes.size() < notes_limit && std::find(notes.begin(), notes.end(), text) == notes.end())
      notes.push_back(text);
  }

  // The folder's descriptor, or -1. It stays open as long as this object.
  int open(bool to_write) {
    const std::lock_guard lock(guard);
    if (mode == access::unopened) open_locked();
    if (mode == access::off || (to_write && mode == access::read_only)) return -1;
    return folder.get();
  }

  void open_locked() {
    mode = access::off;
    access wanted = access::read_write;
    path = override_path;
    if (path.empty()) {
      const std::string setting = safe_environment("BUSFARE_CACHE");
      if (setting == "off") return;
      if (setting == "ro") wanted = access::read_only;
      if (!setting.empty() && setting != "ro") {
        if (setting.front() != '/') {
          note_locked("kernel cache is off: BUSFARE_CACHE is '" + printable(setting) +
                      "', neither off, ro nor an absolute folder");
          return;
        }
        path = setting;
      } else {
        const std::string base = user_cache_directory();
        if (base.empty()) {
          note_locked(privileges_are_raised()
                          ? "kernel cache is off: the process runs with raised privileges"
                          : "kernel cache is off: neither XDG_CACHE_HOME nor HOME names a folder");
          return;
        }
        path = base + "/kernels";
      }
    }
    std::string why;
    folder = open_private_directory(path, wanted == access::read_write, why);
    if (folder)
      mode = wanted;
    else if (wanted == access::read_write)
      note_locked("kernel cache is off: " + why);
  }

  // Called after each write. Scans when the limit is passed and once an hour (others write here too).
  void sweep(std::uint64_t added) {
    const std::lock_guard lock(guard);
    const std::time_t now = std::time(nullptr);
    bytes_known += added;
    if (swept && bytes_known <= limit && now >= swept_at && now - swept_at < hour) return;
    swept = true;
    swept_at = now;

    struct found {
      std::time_t used;
      std::uint64_t bytes;
      std::string name;
    };
    std::vector<found> entries;
    std::uint64_t total = 0;
    // A descriptor of its own: reading moves the position.
    const int copy = ::openat(folder.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return;
    DIR* listing = ::fdopendir(copy);
    if (listing == nullptr) {
      ::close(copy);
      return;
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> closes(listing, &::closedir);
    while (const dirent* item = ::readdir(listing)) {
      const std::string name = item->d_name;
      const bool left_over = name.starts_with(temporary_prefix);
      if (!left_over && !is_entry_name(name)) continue;
      struct stat s {};
      if (::fstatat(folder.get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (left_over) {  // of a process that was killed while writing
        if (s.st_mtime < now - hour) remove_file_at(folder.get(), name);
        continue;
      }
      // A date in the future (a clock was set back) must not make an entry immortal.
      const std::time_t used = s.st_mtime > now + hour ? 0 : s.st_mtime;
      const std::uint64_t size = s.st_size > 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
      entries.push_back({used, size, name});
      total += size;
    }
    std::sort(entries.begin(), entries.end(), [](const found& a, const found& b) { return a.used < b.used; });
    for (const found& e : entries) {
      if (total <= limit) break;
      if (remove_file_at(folder.get(), e.name)) total -= e.bytes;
    }
    bytes_known = total;
  }
};

kernel_cache::kernel_cache(std::string directory_override, std::uint64_t limit_bytes)
    : state_(std::make_unique<state>()) {
  state_->override_path = std::move(directory_override);
  state_->limit = limit_bytes;
}

kernel_cache::~kernel_cache() = default;

std::string kernel_cache::file_name(std::string_view key) {
  const XXH128_canonical_t sum = checksum_of(key.data(), key.size());
  std::string name;
  for (const unsigned char c : sum.digest) {
    name += "0123456789abcdef"[c >> 4];
    name += "0123456789abcdef"[c & 15];
  }
  return name + suffix;
}

bool kernel_cache::get(std::string_view key, std::vector<std::byte>& payload) noexcept {
  payload.clear();
  try {
    const int folder = state_->open(false);
    if (folder < 0) {
      ++state_->misses;
      return false;
    }
    const std::string name = file_name(key);
    std::vector<std::byte> file;
    std::string why;
    const read_status status = read_file_at(folder, name, entry_limit, file, why);
    if (status == read_status::ok) {
      const char* fault = fault_of(file, key);
      if (fault == nullptr) {
        payload.assign(file.begin() + static_cast<std::ptrdiff_t>(sizeof(entry_header) + key.size()),
                       file.end());
        ::utimensat(folder, name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);  // its last use; best effort
        ++state_->hits;
        return true;
      }
      if (state_->open(true) >= 0) remove_file_at(folder, name);
      why = name + " " + fault;
    }
    ++state_->misses;
    if (status == read_status::ok || status == read_status::rejected) ++state_->rejected;
    if (status != read_status::absent) state_->note("kernel cache entry set aside: " + why);
  } catch (...) {  // out of memory: a miss like any other
    payload.clear();
    ++state_->misses;
  }
  return false;
}

void kernel_cache::put(std::string_view key, const std::byte* payload, std::size_t bytes) noexcept {
  try {
    if (key.size() > entry_limit || bytes > entry_limit ||
        sizeof(entry_header) + key.size() + bytes > std::min(entry_limit, state_->limit))
      return;
    const int folder = state_->open(true);
    if (folder < 0) return;
    entry_header h{};
    h.magic = magic_number;
    h.format = format_version;
    h.library = library_version;
    h.key_bytes = key.size();
    h.payload_bytes = bytes;
    h.checksum = checksum_of(payload, bytes);
    std::vector<std::byte> file(sizeof h + key.size() + bytes);
    std::memcpy(file.data(), &h, sizeof h);
    if (!key.empty()) std::memcpy(file.data() + sizeof h, key.data(), key.size());
    if (bytes != 0) std::memcpy(file.data() + sizeof h + key.size(), payload, bytes);
    std::string why;
    if (!write_file_at(folder, file_name(key), file, why)) {
      state_->note("kernel cache cannot be written: " + why);
      return;
    }
    ++state_->written;
    state_->sweep(file.size());
  } catch (...) {
    return;  // out of memory: not kept, nothing lost
  }
}

std::vector<std::string> kernel_cache::notes() const {
  const std::lock_guard lock(state_->guard);
  return state_->notes;
}

kernel_cache::counts kernel_cache::stats() const noexcept {
  return {state_->hits.load(), state_->misses.load(), state_->rejected.load(), state_->written.load()};
}

std::string kernel_cache::directory() const {
  state_->open(false);
  const std::lock_guard lock(state_->guard);
  return state_->mode == state::access::off ? std::string() : state_->path;
}

kernel_cache& kernel_cache::shared() {
  static kernel_cache* const cache = new kernel_cache;  // never destroyed: used until the process ends
  return *cache;
}

}  // namespace busfare::core
