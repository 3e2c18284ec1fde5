// The skeleton's device.
#include "skeleton/device.hpp"

#include <utility>

#include <busfare/error.hpp>

#include "skeleton/queue.hpp"

namespace busfare::skeleton {

device::device(const backend::services& core, backend::device_info info)
    : core_(core), info_(std::move(info)) {}

// A backend asks its driver, and throws out_of_memory when the driver has none.
backend::block device::allocate(std::size_t bytes, backend::memory_kind kind) {
  void* const memory = core_.host_alloc(bytes);
  return {memory, 0, bytes, kind, memory};
}

void device::release(const backend::block& memory) noexcept { core_.host_free(memory.handle); }

// nullopt: this device cannot compute on the host's memory, so core copies.
std::optional<backend::block> device::adopt(void*, std::size_t) { return std::nullopt; }

// A backend compiles `what.source`, or walks `what.steps` where its dialect is "host", and keeps what it
// needs of the request, which is gone after this call.
std::unique_ptr<backend::executable> device::build(const backend::build_request& what) {
  error::details d;
  d.device = info_.name;
  d.source = std::string(what.source);
  d.hint = "write device::build and an executable";
  throw error(error_class::kernel_build, "the skeleton has no compiler", std::move(d));
}

// One queue per engine lets transfers overlap kernels; a device with one hardware queue gives the same work
// in order.
std::unique_ptr<backend::queue> device::open(backend::engine) { return std::make_unique<queue>(); }

std::string device::health() { return {}; }

}  // namespace busfare::skeleton
