// Allocation, release and trimming.
#include "cuda/memory.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace busfare::cuda {

memory::memory(const context& c, CUdevice device, bool has_pools) : context_(c), stream_(c) {
  if (!has_pools) return;
  const current here(c);
  c.errors().check(c.calls().cuDeviceGetDefaultMemPool(&pool_, device), "cuDeviceGetDefaultMemPool");
  // Else each synchronisation hands unused memory back, and the next allocation pays for it again.
  cuuint64_t keep = UINT64_MAX;
  c.errors().check(c.calls().cuMemPoolSetAttribute(pool_, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &keep),
                   "cuMemPoolSetAttribute");
}

memory::~memory() { trim(); }

// Others of the process, and of the machine, use the same memory: what they left is part of the answer.
void memory::check(CUresult code, const char* call, std::size_t bytes) const {
  if (code == CUDA_SUCCESS) return;
  std::string about = "for " + std::to_string(bytes) + " bytes";
  std::size_t free = 0, total = 0;
  if (code == CUDA_ERROR_OUT_OF_MEMORY && context_.calls().cuMemGetInfo_v2(&free, &total) == CUDA_SUCCESS)
    about += "; " + std::to_string(free) + " of the device's " + std::to_string(total) + " are free";
  context_.errors().fail(code, call, about);
}

CUdeviceptr memory::allocate(std::size_t bytes) {
  const current here(context_);
  const driver& call = context_.calls();
  CUdeviceptr at = 0;
  if (pool_ == nullptr) {
    check(with_relief([&] { return call.cuMemAlloc_v2(&at, bytes); }), "cuMemAlloc", bytes);
    return at;
  }
  check(with_relief([&] { return call.cuMemAllocAsync(&at, bytes, stream_.get()); }), "cuMemAllocAsync",
        bytes);
  // Memory is there in the order of this stream; after this, in that of all.
  const CUresult code = finish(context_, stream_.get());
  if (code == CUDA_ERROR_TIMEOUT) context_.errors().fail_hung("cuMemAllocAsync", bytes);
  if (code != CUDA_SUCCESS) {
    context_.errors().quietly(code, "cuStreamSynchronize");  // a lost device is not called again
    release(at);
    context_.errors().check(code, "cuStreamSynchronize");
  }
  return at;
}

void memory::release(CUdeviceptr at) noexcept {
  const current here(context_, std::nothrow);
  if (!here) return;
  if (pool_ == nullptr)
    context_.errors().quietly(context_.calls().cuMemFree_v2(at), "cuMemFree");
  else
    context_.errors().quietly(context_.calls().cuMemFreeAsync(at, stream_.get()), "cuMemFreeAsync");
}

void* memory::allocate_pinned(std::size_t bytes) {
  void* at = nullptr;
  {
    const current here(context_);
    context_.errors().check(
        with_relief([&] { return context_.calls().cuMemHostAlloc(&at, bytes, CU_MEMHOSTALLOC_PORTABLE); }),
        "cuMemHostAlloc", std::uint64_t{bytes});
  }
  context_.errors().require_alive();  // leaving a context tells of earlier work, too
  return at;
}

void memory::release_pinned(void* at) noexcept {
  if (const current here(context_, std::nothrow); here)
    context_.errors().quietly(context_.calls().cuMemFreeHost(at), "cuMemFreeHost");
}

void* memory::take_slot() {
  {
    const std::lock_guard lock(guard_);
    if (!slots_.empty()) {
      void* const at = slots_.back();
      slots_.pop_back();
      return at;
    }
  }
  return allocate_pinned(slot_bytes);
}

void memory::give_slot(void* at) noexcept {
  try {
    const std::lock_guard lock(guard_);
    slots_.push_back(at);
  } catch (...) {  // no memory for the list
    release_pinned(at);
  }
}

void memory::trim() noexcept {
  std::vector<void*> slots;
  {
    const std::lock_guard lock(guard_);
    slots.swap(slots_);
  }
  for (void* at : slots) release_pinned(at);
  const current here(context_, std::nothrow);
  if (!here || pool_ == nullptr) return;
  // What was released is unused only when the stream has come to it.
  CUresult code = finish(context_, stream_.get());
  context_.errors().quietly(code, "cuStreamSynchronize");
  if (code != CUDA_SUCCESS) return;
  code = context_.calls().cuMemPoolTrimTo(pool_, 0);
  context_.errors().quietly(code, "cuMemPoolTrimTo");
}

}  // namespace busfare::cuda
