// Device memory and pinned host memory, kept for the next user.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "cuda/context.hpp"

namespace busfare::cuda {

/// Memory of one device. From the driver's stream-ordered pool, which keeps what is released; where the
/// device has no pools, from cuMemAlloc. Any thread.
class memory {
 public:
  memory(const context& c, CUdevice device, bool has_pools);
  ~memory();
  memory(const memory&) = delete;
  memory& operator=(const memory&) = delete;

  /// Usable by every stream when it returns. Throws out_of_memory after what the pools kept was given back
  /// and the call was repeated.
  CUdeviceptr allocate(std::size_t bytes);
  /// All work that uses it is done.
  void release(CUdeviceptr at) noexcept;
  /// Page-locked host memory.
  void* allocate_pinned(std::size_t bytes);
  void release_pinned(void* at) noexcept;

  /// A piece of pinned memory of `slot_bytes`, kept when it is given back.
  void* take_slot();
  void give_slot(void* at) noexcept;
  static constexpr std::size_t slot_bytes = std::size_t{4} << 20;

  /// Gives everything that is kept and unused back to the driver.
  void trim() noexcept;
  /// What `call` returns; where it ran out of memory, trims and calls it once more. The context is current.
  template <class Call> CUresult with_relief(const Call& call) {
    const CUresult code = call();
    if (code != CUDA_ERROR_OUT_OF_MEMORY) return code;
    trim();
    context_.errors().require_alive();
    return call();
  }

 private:
  void check(CUresult code, const char* call, std::size_t bytes) const;

  const context& context_;
  stream stream_;  // orders allocations and releases among themselves
  CUmemoryPool pool_ = nullptr;
  std::mutex guard_;
  std::vector<void*> slots_;
};

}  // namespace busfare::cuda
