// The simulated device: see device.hpp.
#include "sim/device.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <unistd.h>
#include <utility>

#include <busfare/error.hpp>

#include "model/kernel_time.hpp"
#include "sim/executable.hpp"
#include "sim/queue.hpp"

namespace busfare::sim {

namespace {

// Linux promises more memory than it has; a simulated device must not bring the machine down.
std::uint64_t host_limit() noexcept {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || size <= 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) / 10 * 9;
}

bool uses_f64(const backend::build_request& what) noexcept {
  return std::any_of(what.parameters.begin(), what.parameters.end(), [](const backend::parameter& p) {
    return p.kind != backend::parameter_kind::number && p.type == type::f64;
  });
}

}  // namespace

backend::device_info describe(const device_profile& profile, const backend::device_info* wrapped) {
  backend::device_info info;
  if (wrapped != nullptr) info = *wrapped;
  info.name = profile.device;
  info.description = profile.description + " (simulated)";
  info.fingerprint = profile.fingerprint;
  info.dialect = "host";
  info.capacity = profile.capacity_bytes;
  info.core_group = 0;  // kernels run on the host's cores
  info.shares_host_memory = false;
  info.virtual_clock = true;
  return info;
}

device::device(const backend::services& core, device_profile profile)
    : core_(core),
      profile_(std::move(profile)),
      wrapped_(core.open("cpu")),
      info_(describe(profile_, &wrapped_->info())),
      clock_(std::make_shared<virtual_clock>(profile_, info_.core_group)) {}

device::~device() {
  for (const auto& [address, memory] : owned_) core_.host_free(address);
}

backend::block device::allocate(std::size_t bytes, backend::memory_kind kind) {
  const bool counts = kind == backend::memory_kind::device;
  const auto refuse = [&](const std::string& why, const char* hint) {
    error::details d;
    d.device = info_.name;
    d.hint = hint;
    throw error(error_class::out_of_memory, "allocation of " + std::to_string(bytes) + " bytes: " + why,
                std::move(d));
  };
  if (counts && bytes > profile_.capacity_bytes - used_)
    refuse(std::to_string(used_) + " of " + std::to_string(profile_.capacity_bytes) + " bytes are in use",
           "release arrays or work in chunks");
  constexpr const char* small_host =
      "a simulated device keeps its data in this host's memory; choose a smaller size";
  if (const std::uint64_t limit = host_limit(); bytes > limit || used_ > limit - bytes)
    refuse("this host has no more than " + std::to_string(limit) + " bytes to hold it", small_host);
  void* memory = nullptr;
  try {
    memory = core_.host_alloc(std::max<std::size_t>(bytes, 64));
    const backend::block made{memory, 0, bytes, kind, counts ? nullptr : memory};
    owned_.emplace(memory, made);
    if (counts) used_ += bytes;
    return made;
  } catch (const std::bad_alloc&) {
    if (memory != nullptr) core_.host_free(memory);
    refuse("this host's memory is used up", small_host);
    throw;  // not reached: refuse throws
  }
}

void device::release(const backend::block& memory) noexcept {
  const auto at = owned_.find(memory.handle);
  if (at == owned_.end()) return;
  if (at->second.kind == backend::memory_kind::device) used_ -= at->second.bytes;
  core_.host_free(at->first);
  owned_.erase(at);
}

std::unique_ptr<backend::executable> device::build(const backend::build_request& what) {
  std::unique_ptr<backend::executable> inner = wrapped_->build(what);
  clock_->host(model::build_seconds(profile_.rates, what.operations));
  return std::make_unique<executable>(std::move(inner), what.flops, what.bytes, uses_f64(what));
}

std::unique_ptr<backend::queue> device::open(backend::engine) {
  return std::make_unique<queue>(clock_, profile_, wrapped_->open(backend::engine::compute));
}

}  // namespace busfare::sim
