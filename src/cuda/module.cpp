// The cuda backend's door: probe and open.
#include "cuda/module.hpp"

#include <exception>
#include <memory>
#include <string>

#include <busfare/error.hpp>

#include "cuda/device.hpp"
#include "cuda/platform.hpp"

namespace busfare::cuda {

namespace {

backend::probe_result probe(const backend::services& core) {
  backend::probe_result r;
  try {
    found_platform p = find_devices();
    for (found_device& f : p.devices) r.devices.push_back(std::move(f.info));
    r.unavailable = p.unavailable;
    r.remedy = p.remedy;
    if (!r.devices.empty() && core.note != nullptr)
      for (const std::string& s : p.skipped) core.note("cuda: " + s);
  } catch (const std::exception& e) {
    r.devices.clear();
    r.unavailable = e.what();
    r.remedy = "free memory and try again";
  }
  return r;
}

std::unique_ptr<backend::device> open(const backend::services& core, std::string_view name) {
  const found_platform p = find_devices();
  for (const found_device& f : p.devices)
    if (f.info.name == name) return std::make_unique<device>(core, *p.calls, *p.compiler, f);
  error::details d;
  d.device = std::string(name);
  if (p.devices.empty()) {
    d.hint = p.remedy;
    throw error(error_class::unavailable, p.unavailable, std::move(d));
  }
  d.hint = "there are cuda:0 to cuda:" + std::to_string(p.devices.size() - 1);
  throw error(error_class::unavailable, "there is no such CUDA device", std::move(d));
}

constexpr backend::module here{BUSFARE_ABI, "cuda", probe, open};

}  // namespace

}  // namespace busfare::cuda

#ifdef BUSFARE_LOADED_MODULE
const busfare::backend::module* busfare_module() { return &busfare::cuda::here; }
#else
const busfare::backend::module* busfare_module_cuda() { return &busfare::cuda::here; }
#endif
