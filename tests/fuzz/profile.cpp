// Profiles from disk: refused as corrupt, or whole, plausible and equal after writing and reading.
#include <cmath>
#include <optional>

#include "core/profile_store.hpp"
#include "fuzz.hpp"

namespace {

using namespace busfare;

std::optional<device_profile> parsed(std::string_view text, std::string& why) {
  try {
    return core::parse_profile(text);
  } catch (const error& e) {
    fuzz::require_class(e, {error_class::corrupt});
    fuzz::require_printable(e);
    why = e.message();
    return std::nullopt;
  }
}

// A checksum that is wrong would hide everything behind it: the right one, which the message says, is put in.
bool mend_checksum(std::string& text, const std::string& why) {
  const std::size_t right = why.find("fnv1a64:");
  const std::size_t wrong = text.find("\"checksum\"");
  if (right == std::string::npos || wrong == std::string::npos) return false;
  const std::size_t open = text.find('"', wrong + 10);
  if (open == std::string::npos) return false;
  const std::size_t close = text.find('"', open + 1);
  if (close == std::string::npos) return false;
  text.replace(open + 1, close - open - 1, why.substr(right));
  return true;
}

void check_plausible(const device_profile& p) {
  for (const link_curve& link : p.links) {
    fuzz::require(!link.segments.empty() && link.segments.size() <= 3, "a curve of 0 or many segments");
    for (const std::uint64_t bytes :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 33, UINT64_MAX}) {
      const seconds_estimate t = link.estimate(bytes);
      fuzz::require(t.value >= 0 && t.low >= 0 && std::isfinite(t.high), "an implausible prediction");
    }
    fuzz::require(link.duplex_factor > 0 && link.duplex_factor <= 1, "an implausible duplex factor");
  }
  for (const double x :
       {p.rates.launch_seconds, p.rates.build_seconds, p.rates.build_seconds_per_operation,
        p.rates.bytes_per_second, p.rates.flops_per_second_f32, p.rates.flops_per_second_f64})
    fuzz::require(x >= 0 && std::isfinite(x), "an implausible rate");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::private_folder folder;
  std::string text(fuzz::text_of({data, size})), why;
  std::optional<device_profile> p = parsed(text, why);
  if (!p && mend_checksum(text, why)) p = parsed(text, why);
  if (!p) return 0;
  check_plausible(*p);
  const std::string written = core::profile_text(*p);
  const std::optional<device_profile> again = parsed(written, why);
  fuzz::require(again.has_value(), "what was written cannot be read", why + "\n" + written);
  fuzz::require(core::profile_text(*again) == written, "writing is not stable", written);

  core::profile_store store(folder.path());
  fuzz::require(store.save(*p), "a good profile is not stored",
                store.notes().empty() ? "" : store.notes()[0]);
  const std::optional<device_profile> loaded = store.load(p->fingerprint);
  fuzz::require(loaded && core::profile_text(*loaded) == written, "another profile was loaded");
  // The same file as another device's: set aside, never used.
  const std::string other = p->fingerprint + "x";
  fuzz::write_file(folder.path() + "/" + core::profile_store::file_name(other),
                   {reinterpret_cast<const std::uint8_t*>(written.data()), written.size()});
  fuzz::require(!store.load(other), "a profile of another device was used");
  std::filesystem::remove(folder.path() + "/" + core::profile_store::file_name(p->fingerprint));
  std::filesystem::remove(folder.path() + "/" + core::profile_store::file_name(other) + ".bad");
  return 0;
}
