// The opencl backend's door: probe and open.
#include "opencl/module.hpp"

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <busfare/error.hpp>

#include "opencl/device.hpp"
#include "opencl/platform.hpp"

namespace busfare::opencl {

namespace {

constexpr const char* remedy =
    "install your GPU vendor's OpenCL driver, or pocl-opencl-icd to run OpenCL on the CPU";
constexpr const char* no_platform =
    "no OpenCL platform: the ICD loader found no vendor driver in /etc/OpenCL/vendors";

std::string reason(const std::vector<std::string>& skipped) {
  if (skipped.empty()) return no_platform;
  std::string text = "no usable OpenCL device";
  for (const std::string& s : skipped) text += "; " + s;
  return text;
}

backend::probe_result probe(const backend::services& core) {
  backend::probe_result r;
  try {
    std::vector<std::string> skipped;
    for (found_device& f : find_devices(skipped)) r.devices.push_back(std::move(f.info));
    if (r.devices.empty()) {
      r.unavailable = reason(skipped);
      r.remedy = remedy;
    } else if (core.note != nullptr) {
      for (const std::string& s : skipped) core.note("opencl: " + s);
    }
  } catch (const std::exception& e) {
    r.devices.clear();
    r.unavailable = e.what();
    r.remedy = remedy;
  }
  return r;
}

std::unique_ptr<backend::device> open(const backend::services& core, std::string_view name) {
  std::vector<std::string> skipped;
  const std::vector<found_device> all = find_devices(skipped);
  for (const found_device& f : all)
    if (f.info.name == name) return std::make_unique<device>(core, f);
  error::details d;
  d.device = printable(name);
  if (all.empty()) {
    d.hint = remedy;
    throw error(error_class::unavailable, reason(skipped), std::move(d));
  }
  d.hint = "there are opencl:0 to opencl:" + std::to_string(all.size() - 1);
  throw error(error_class::unavailable, "there is no such OpenCL device", std::move(d));
}

constexpr backend::module here{BUSFARE_ABI, "opencl", probe, open};

}  // namespace

}  // namespace busfare::opencl

#ifdef BUSFARE_LOADED_MODULE
const busfare::backend::module* busfare_module() { return &busfare::opencl::here; }
#else
const busfare::backend::module* busfare_module_opencl() { return &busfare::opencl::here; }
#endif
