// Memory, builds and queues of one GPU.
#include "cuda/device.hpp"

#include "cuda/exactness.hpp"
#include "cuda/executable.hpp"
#include "cuda/queue.hpp"

namespace busfare::cuda {

namespace {

using backend::block;
using backend::memory_kind;

}  // namespace

device::device(const backend::services& core, const driver& d, const nvrtc& compiler,
               const found_device& which)
    : core_(core),
      found_(which),
      wall_(which.info.name, &d, core.longest_wait),
      context_(wall_, d, which.ordinal),
      events_(context_),
      clock_(events_),
      memory_(context_, which.ordinal, which.has_pools),
      programs_(context_, memory_, compiler, core, which) {
  probe_arithmetic();
}

device::~device() = default;

void device::probe_arithmetic() {
  const std::string key = "cuda probe 1\n" + found_.info.fingerprint + "\n" + programs_.recipe();
  std::vector<std::byte> verdict;
  backend::arithmetic found;
  if (core_.cache_get != nullptr && core_.cache_get(key, verdict) && verdict.size() == 1) {
    found = backend::arithmetic::from_bits(std::to_integer<unsigned>(verdict[0]));
  } else {
    found = probe_exactness(context_, memory_, programs_);
    const auto byte = static_cast<std::byte>(found.bits());
    if (core_.cache_put != nullptr) core_.cache_put(key, &byte, 1);
  }
  if (!found.basic && core_.note != nullptr)
    core_.note(
        found_.info.name +
        " gives inexact sums, products or fma, or contracts them: its bits differ from other devices'");
  // There is no flag for a device whose very sums are wrong; this one keeps the same programs away from it.
  found_.info.exact_div_sqrt = found.div_sqrt && found.basic;
  found_.info.denormals = found.denormals;
}

block device::allocate(std::size_t bytes, memory_kind kind) {
  wall_.require_alive();
  if (bytes > found_.info.capacity)
    wall_.refuse(error_class::out_of_memory, "an allocation of " + std::to_string(bytes) +
                                                 " bytes is more than the device's " +
                                                 std::to_string(found_.info.capacity));
  const std::size_t least = bytes == 0 ? 1 : bytes;  // CUDA has no empty allocation
  switch (kind) {
    case memory_kind::device:
      return {reinterpret_cast<void*>(memory_.allocate(least)), 0, bytes, kind, nullptr};
    case memory_kind::pageable: {
      void* host = core_.host_alloc(least);
      return {host, 0, bytes, kind, host};
    }
    case memory_kind::mapped: {
      if (!found_.info.shares_host_memory)
        wall_.refuse(error_class::invalid_argument, "mapped memory was asked of a device that shares none");
      void* host = core_.host_alloc(least);
      try {
        mapped_.insert(host);
      } catch (...) {
        core_.host_free(host);
        throw;
      }
      return {host, 0, bytes, kind, host};
    }
    case memory_kind::pinned: {
      void* host = memory_.allocate_pinned(least);
      return {host, 0, bytes, kind, host};
    }
  }
  wall_.refuse(error_class::internal, "an unknown kind of memory was asked for");
}

void device::release(const block& memory) noexcept {
  if (memory.handle == nullptr) return;
  switch (memory.kind) {
    case memory_kind::device:
      memory_.release(reinterpret_cast<CUdeviceptr>(memory.handle));
      break;
    case memory_kind::pinned:
      memory_.release_pinned(memory.handle);
      break;
    case memory_kind::pageable:
      core_.host_free(memory.handle);
      break;
    case memory_kind::mapped:
      if (mapped_.erase(memory.handle) != 0) core_.host_free(memory.handle);  // else adopted
      break;
  }
}

// The GPU reads the host's pages by the host's own addresses: there is nothing to make.
std::optional<block> device::adopt(void* host, std::size_t bytes) {
  wall_.require_alive();
  if (!found_.info.shares_host_memory || host == nullptr || bytes == 0) return std::nullopt;
  return block{host, 0, bytes, memory_kind::mapped, host};
}

std::unique_ptr<backend::executable> device::build(const backend::build_request& what) {
  wall_.require_alive();
  return std::make_unique<executable>(context_, memory_, programs_.get(what.source, what.fast), what);
}

std::unique_ptr<backend::queue> device::open(backend::engine) {
  wall_.require_alive();
  return std::make_unique<queue>(core_, events_, clock_, memory_);
}

}  // namespace busfare::cuda
