// The cpu backend's door.
#include "cpu/module.hpp"

#include <exception>
#include <memory>
#include <string>

#include <busfare/error.hpp>

#include "cpu/device.hpp"

namespace busfare::cpu {

namespace {

backend::probe_result probe(const backend::services&) {
  backend::probe_result r;
  try {
    r.devices.push_back(describe());
  } catch (const error& e) {
    r.unavailable = e.message();
    r.remedy = e.where().hint;
  } catch (const std::exception& e) {
    r.unavailable = e.what();
  }
  return r;
}

std::unique_ptr<backend::device> open(const backend::services& core, std::string_view name) {
  if (name != "cpu") {
    error::details d;
    d.device = printable(name);
    d.hint = "its only device is \"cpu\"";
    throw error(error_class::unavailable, "the cpu backend has no such device", std::move(d));
  }
  return std::make_unique<device>(core);
}

constexpr backend::module here{BUSFARE_ABI, "cpu", probe, open};

}  // namespace

}  // namespace busfare::cpu

const busfare::backend::module* busfare_module_cpu() { return &busfare::cpu::here; }
