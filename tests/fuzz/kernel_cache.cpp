// Entries of the kernel cache: any file is a miss or this key's payload, and a changed entry is a miss.
#include "core/kernel_cache.hpp"

#include <algorithm>
#include <vector>

#include "core/safe_directory.hpp"
#include "fuzz.hpp"

namespace {

using namespace busfare::core;

std::vector<std::uint8_t> file_of(const std::string& folder, const std::string& name) {
  std::vector<std::byte> all;
  std::string why;
  const file_descriptor at = open_private_directory(folder, false, why);
  fuzz::require(read_file_at(at.get(), name, kernel_cache::entry_limit, all, why) == read_status::ok,
                "an entry that was written is not there", why);
  std::vector<std::uint8_t> out(all.size());
  std::transform(all.begin(), all.end(), out.begin(),
                 [](std::byte b) { return static_cast<std::uint8_t>(b); });
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::private_folder folder;
  static kernel_cache cache(folder.path());
  fuzz::bytes input({data, size});
  const std::size_t key_bytes = input.byte();
  const std::uint64_t where = input.word();
  const std::uint8_t change = input.byte();
  const std::span<const std::uint8_t> rest = input.rest();
  const std::string key(fuzz::text_of(rest.first(std::min(key_bytes, rest.size()))));
  const std::string name = kernel_cache::file_name(key), path = folder.path() + "/" + name;

  // Whatever lies there under the key's name.
  std::vector<std::byte> payload;
  fuzz::write_file(path, rest);
  const auto before = cache.stats();
  if (cache.get(key, payload)) {
    fuzz::require(
        payload.size() + key.size() + 48 == rest.size() &&
            std::equal(payload.begin(), payload.end(), rest.end() - payload.size(),
                       [](std::byte a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }),
        "a hit with another payload");
  } else {
    fuzz::require(payload.empty(), "a miss with a payload");
    fuzz::require(cache.stats().rejected == before.rejected + 1, "a bad entry is not counted");
    fuzz::require(!std::filesystem::exists(path), "a bad entry stays");
  }

  // An entry of our own comes back, and no change of one byte of it does.
  const std::span<const std::byte> kept = std::as_bytes(rest);
  cache.put(key, kept.data(), kept.size());
  fuzz::require(
      cache.get(key, payload) && std::equal(payload.begin(), payload.end(), kept.begin(), kept.end()),
      "an entry did not come back");
  std::vector<std::uint8_t> file = file_of(folder.path(), name);
  if (change == 0)
    file.resize(where % file.size());  // cut short
  else
    file[where % file.size()] ^= change;
  fuzz::write_file(path, file);
  fuzz::require(!cache.get(key, payload), "a changed entry was used");
  fuzz::require(!std::filesystem::exists(path), "a changed entry stays");
  return 0;
}
