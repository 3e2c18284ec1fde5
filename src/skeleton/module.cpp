// The skeleton's door.
#include "skeleton/module.hpp"

#include <memory>
#include <string>
#include <utility>

#include <busfare/error.hpp>

#include "skeleton/device.hpp"

namespace busfare::skeleton {

namespace {

constexpr const char* reason = "the skeleton drives no device";
constexpr const char* remedy = "copy its folder, rename it, and fill in what throws";

// Never throws, and never blocks for long: it runs when devices are first listed. A backend finds its driver
// here (dlopen, an ICD, ...) and reports each device with facts that it has checked.
backend::probe_result probe(const backend::services&) { return {{}, reason, remedy}; }

std::unique_ptr<backend::device> open(const backend::services& core, std::string_view name) {
  error::details d;
  d.device = printable(name);
  d.hint = remedy;
  const backend::probe_result found = probe(core);
  for (const backend::device_info& info : found.devices) {
    if (info.name == name) return std::make_unique<device>(core, info);
  }
  throw error(error_class::unavailable, reason, std::move(d));
}

constexpr backend::module here{BUSFARE_ABI, "skeleton", probe, open};

}  // namespace

}  // namespace busfare::skeleton

#if defined(BUSFARE_LOADED_MODULE)
const busfare::backend::module* busfare_module() { return &busfare::skeleton::here; }
#else
const busfare::backend::module* busfare_module_skeleton() { return &busfare::skeleton::here; }
#endif
