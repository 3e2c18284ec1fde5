// The cpu as a device.
#include "cpu/device.hpp"

#include <algorithm>
#include <new>

#include <busfare/error.hpp>

#include "cpu/executable.hpp"
#include "cpu/processor.hpp"
#include "cpu/queue.hpp"
#include "pool/thread_pool.hpp"

namespace busfare::cpu {

backend::device_info describe() {
  const processor& p = this_processor();
  const isa i = choose_isa();
  const unsigned threads = pool::thread_pool::shared().threads();
  backend::device_info info;
  info.name = "cpu";
  info.description =
      p.model + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads") + ", " + name_of(i);
  info.fingerprint = "cpu;" + p.model + ";" + name_of(i) + ";threads=" + std::to_string(threads);
  info.dialect = "host";
  info.capacity = p.memory;
  info.compute_units = static_cast<int>(threads);
  info.core_group = 0;
  // Kernels run with round-to-nearest and denormals kept (fp_state), on IEEE hardware; nothing to find out.
  info.f64 = info.exact_div_sqrt = info.denormals = true;
  info.shares_host_memory = true;
  return info;
}

device::device(const backend::services& core) : core_(core), isa_(choose_isa()), info_(describe()) {}

device::~device() {
  for (void* memory : owned_) core_.host_free(memory);
}

const backend::device_info& device::info() const { return info_; }

backend::block device::allocate(std::size_t bytes, backend::memory_kind kind) {
  void* const memory = core_.host_alloc(std::max<std::size_t>(bytes, 64));
  try {
    owned_.insert(memory);
  } catch (const std::bad_alloc&) {
    core_.host_free(memory);
    error::details d;
    d.device = "cpu";
    throw error(error_class::out_of_memory,
                "no memory to note an allocation of " + std::to_string(bytes) + " bytes", std::move(d));
  }
  return {memory, 0, bytes, kind, memory};
}

void device::release(const backend::block& memory) noexcept {
  if (owned_.erase(memory.handle) != 0) core_.host_free(memory.handle);
}

std::optional<backend::block> device::adopt(void* host, std::size_t bytes) {
  // Memory of our own making would be freed by the release of its adopted twin.
  if (host == nullptr || owned_.contains(host)) return std::nullopt;
  return backend::block{host, 0, bytes, backend::memory_kind::mapped, host};
}

std::unique_ptr<backend::executable> device::build(const backend::build_request& what) {
  return std::make_unique<executable>(what, isa_);
}

std::unique_ptr<backend::queue> device::open(backend::engine) { return std::make_unique<queue>(); }

std::string device::health() { return {}; }

void* device::native() { return nullptr; }

}  // namespace busfare::cpu
