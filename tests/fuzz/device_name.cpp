// Names of devices with options: a device that is described as asked for, or an error that says what exists.
#include <cmath>

#include "core/devices.hpp"
#include "fuzz.hpp"
#include "model/shipped.hpp"

namespace {

using namespace busfare;

void check_profile(std::string_view name) {
  try {
    const device_profile p = model::simulated_profile(name);
    const std::string given(name.substr(0, 4) == "sim:" ? name : "sim:" + std::string(name));
    fuzz::require(p.device == given, "a simulated device has another name", p.device);
    const device_profile plain = model::simulated_profile(given.substr(0, given.find('?')));
    const double slow = plain.rates.bytes_per_second / p.rates.bytes_per_second;
    fuzz::require(slow >= 1 && slow <= 1.0001e6, "a simulated device is faster than its model");
    fuzz::require((p.fingerprint == plain.fingerprint) == (given.find('?') == std::string::npos),
                  "options do not tell fingerprints apart", p.fingerprint);
    for (std::size_t i = 0; i < p.links.size(); ++i) {
      const double factor =
          p.links[i].segments[0].seconds_per_byte / plain.links[i].segments[0].seconds_per_byte;
      fuzz::require(std::abs(factor / slow - 1) < 1e-9, "a link is slowed by another factor");
    }
  } catch (const error& e) {
    fuzz::require_class(e, {error_class::unavailable, error_class::invalid_argument});
    fuzz::require_printable(e);
  }
}

void check_list(std::string_view name) {
  core::device_list& list = core::device_list::shared();
  try {
    core::device_slot& slot = list.find(name);
    fuzz::require(slot.info.name == name, "another device was found", slot.info.name);
    fuzz::require(&list.find(name) == &slot, "the same name gives two devices");
  } catch (const error& e) {
    // The list holds 256 devices: then names with new options are refused.
    fuzz::require_class(e, {error_class::unavailable, error_class::invalid_argument});
    fuzz::require_printable(e);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view name = fuzz::text_of({data, size});
  check_profile(name);
  check_list(name);
  return 0;
}
