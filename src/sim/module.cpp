// The sim backend's door: see module.hpp.
#include "sim/module.hpp"

#include "model/shipped.hpp"
#include "sim/device.hpp"

namespace busfare::sim {

namespace {

backend::probe_result probe(const backend::services&) {
  backend::probe_result found;
  for (const std::string& name : model::shipped_names())
    found.devices.push_back(describe(model::shipped_profile(name), nullptr));
  return found;
}

std::unique_ptr<backend::device> open(const backend::services& core, std::string_view name) {
  return std::make_unique<device>(core, model::simulated_profile(name));
}

constexpr backend::module here{BUSFARE_ABI, "sim", probe, open};

}  // namespace

}  // namespace busfare::sim

extern "C" const busfare::backend::module* busfare_module_sim() { return &busfare::sim::here; }
