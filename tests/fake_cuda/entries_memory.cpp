// The driver's functions that make and release memory, at once and in the order of streams.
#include "fake_cuda/world.hpp"

using namespace fake_cuda;

namespace {

std::string hex(std::uint64_t n) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(n));
  return text;
}

memory_block* add_block(entry& e, block_kind kind, std::uint64_t bytes) {
  memory_block* const b = e.w.memory.add(kind, e.c->device, bytes);
  if (b != nullptr) b->context = e.c->serial;
  return b;
}

/// The block that begins at `a`; null: misuse, whose code is put into `bad`.
memory_block* block_at(entry& e, address a, CUresult& bad) {
  memory_block* const b = e.w.memory.find(a);
  if (b == nullptr || b->at != a) {
    bad = e.misused(CUDA_ERROR_INVALID_VALUE,
                    hex(a) + (b == nullptr ? " is not live memory" : " is inside a piece of memory"));
    return nullptr;
  }
  if (b->freed.number != 0) {
    bad = e.misused(CUDA_ERROR_INVALID_VALUE, hex(a) + " was freed before");
    return nullptr;
  }
  if (b->context != e.c->serial) e.w.misuse(std::string(e.name()) + ": memory of another context");
  return b;
}

/// Work that the host has not seen the end of may still use it.
void check_idle(entry& e, const memory_block& b) {
  if (e.c->broken != CUDA_SUCCESS) return;
  for (const moment& m : b.uses)
    if (!e.w.schedule.host_past().has(m))
      return e.w.misuse(std::string(e.name()) + ": work that was not waited for may still use the memory");
}

void remove_block(entry& e, memory_block* b) {
  if (!e.w.memory.intact(*b))
    e.w.misuse(std::string(e.name()) + ": something wrote behind the end of this memory");
  e.w.memory.remove(b);
}

}  // namespace

FAKE_EXPORT CUresult cuMemGetInfo_v2(std::size_t* free_bytes, std::size_t* total) {
  entry e("cuMemGetInfo_v2");
  if (e.stopped()) return e.result();
  if (free_bytes == nullptr || total == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  const std::uint64_t taken = e.device().used + e.device().pool_reserved;
  *total = e.w.set.memory;
  *free_bytes = e.w.set.memory - taken;
  return e.result();
}

FAKE_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* out, std::size_t bytes) {
  entry e("cuMemAlloc_v2", entry::needs::context, entry::frees::nothing, bytes);
  if (e.stopped()) return e.result();
  if (out == nullptr || bytes == 0) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer or no bytes");
  device_state& d = e.device();
  if (bytes > e.w.set.memory - d.used - d.pool_reserved) return e.result(CUDA_ERROR_OUT_OF_MEMORY);
  memory_block* const b = add_block(e, block_kind::device, bytes);
  if (b == nullptr) return e.result(CUDA_ERROR_OUT_OF_MEMORY);
  memory_map::spoil(e.w.memory.reach(b->at), bytes);
  d.used += bytes;
  *out = b->at;
  return e.result();
}

FAKE_EXPORT CUresult cuMemFree_v2(CUdeviceptr at) {
  entry e("cuMemFree_v2", entry::needs::context, entry::frees::something);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  memory_block* const b = block_at(e, at, bad);
  if (b == nullptr) return bad;
  if (b->kind == block_kind::pinned) return e.misused(CUDA_ERROR_INVALID_VALUE, "this is host memory");
  check_idle(e, *b);
  if (b->kind == block_kind::pool)
    e.device().pool_used -= b->bytes;
  else
    e.device().used -= b->bytes;
  remove_block(e, b);
  return e.result();
}

FAKE_EXPORT CUresult cuMemHostAlloc(void** out, std::size_t bytes, unsigned flags) {
  entry e("cuMemHostAlloc", entry::needs::context, entry::frees::nothing, bytes);
  if (e.stopped()) return e.result();
  if (out == nullptr || bytes == 0 || (flags & ~7u) != 0)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer, no bytes or unknown flags");
  memory_block* const b = add_block(e, block_kind::pinned, bytes);
  if (b == nullptr) return e.result(CUDA_ERROR_OUT_OF_MEMORY);
  memory_map::spoil(e.w.memory.reach(b->at), bytes);
  *out = reinterpret_cast<void*>(b->at);
  return e.result();
}

FAKE_EXPORT CUresult cuMemFreeHost(void* p) {
  entry e("cuMemFreeHost", entry::needs::context, entry::frees::something);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  memory_block* const b = block_at(e, reinterpret_cast<address>(p), bad);
  if (b == nullptr) return bad;
  if (b->kind != block_kind::pinned) return e.misused(CUDA_ERROR_INVALID_VALUE, "this is device memory");
  check_idle(e, *b);
  remove_block(e, b);
  return e.result();
}

FAKE_EXPORT CUresult cuMemAllocAsync(CUdeviceptr* out, std::size_t bytes, CUstream h) {
  entry e("cuMemAllocAsync", entry::needs::context, entry::frees::nothing, bytes);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (out == nullptr || bytes == 0) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer or no bytes");
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr) return e.result(bad);
  device_state& d = e.device();
  const auto fits = [&] { return bytes <= e.w.set.memory - d.used - d.pool_used; };
  if (!fits()) e.w.schedule.run_all();  // as a driver that looks for memory freed meanwhile
  if (e.c->broken != CUDA_SUCCESS) return e.result(e.c->broken);
  memory_block* const b = fits() ? add_block(e, block_kind::pool, bytes) : nullptr;
  if (b == nullptr) return e.result(CUDA_ERROR_OUT_OF_MEMORY);
  d.pool_used += bytes;
  d.pool_reserved = std::max(d.pool_reserved, d.pool_used);
  const address at = b->at;
  world& w = e.w;
  const work_ptr made = w.put(*s,
                              [&w, at] {
                                if (const memory_block* const live = w.memory.find(at))
                                  memory_map::spoil(w.memory.reach(at), live->bytes);
                                return CUDA_SUCCESS;
                              },
                              {at});
  b->born = made->at;
  *out = at;
  return e.result();
}

FAKE_EXPORT CUresult cuMemFreeAsync(CUdeviceptr at, CUstream h) {
  entry e("cuMemFreeAsync", entry::needs::context, entry::frees::something);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr) return e.result(bad);
  memory_block* const b = block_at(e, at, bad);
  if (b == nullptr) return bad;
  if (b->kind != block_kind::pool)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "this is not stream-ordered memory");
  device_state& d = e.device();
  if (e.c->broken != CUDA_SUCCESS) {  // nothing is queued any more
    d.pool_used -= b->bytes;
    e.w.memory.remove(b);
    return e.result();
  }
  const std::vector<moment> uses = b->uses;
  world& w = e.w;
  const work_ptr freeing =
      w.put(*s,
            [&w, at, &d] {
              memory_block* const dead = w.memory.find(at);
              if (dead == nullptr) return CUDA_SUCCESS;
              if (!w.memory.intact(*dead))
                w.misuse("cuMemFreeAsync: something wrote behind the end of this memory");
              d.pool_used -= dead->bytes;
              w.memory.remove(dead);
              return CUDA_SUCCESS;
            },
            {});
  for (const moment& m : uses)
    if (!freeing->past.has(m)) {
      w.misuse("cuMemFreeAsync: work in another stream may still use the memory");
      break;
    }
  if (memory_block* const dying = w.memory.find(at)) dying->freed = freeing->at;
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* out, CUdevice d) {
  entry e("cuDeviceGetDefaultMemPool", entry::needs::driver);
  if (e.stopped()) return e.result();
  if (d < 0 || static_cast<std::size_t>(d) >= e.w.devices.size() || out == nullptr)
    return e.misused(CUDA_ERROR_INVALID_DEVICE, "no such device");
  *out = reinterpret_cast<CUmemoryPool>(static_cast<std::uint64_t>(d) + 1);
  return e.result();
}

FAKE_EXPORT CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute a, void* value) {
  entry e("cuMemPoolSetAttribute", entry::needs::driver);
  if (e.stopped()) return e.result();
  if (number_of(pool) - 1 >= e.w.devices.size() || value == nullptr)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "no such pool");
  if (a < CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES || a > CU_MEMPOOL_ATTR_USED_MEM_HIGH)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "no such attribute");
  if (a == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD)
    e.w.devices[number_of(pool) - 1].threshold = *static_cast<const cuuint64_t*>(value);
  return e.result();
}

FAKE_EXPORT CUresult cuMemPoolTrimTo(CUmemoryPool pool, std::size_t keep) {
  entry e("cuMemPoolTrimTo", entry::needs::driver);
  if (e.stopped()) return e.result();
  if (number_of(pool) - 1 >= e.w.devices.size()) return e.misused(CUDA_ERROR_INVALID_VALUE, "no such pool");
  e.w.trim(e.w.devices[number_of(pool) - 1], keep);
  return e.result();
}

FAKE_EXPORT CUresult cuPointerGetAttribute(void* data, CUpointer_attribute a, CUdeviceptr at) {
  entry e("cuPointerGetAttribute", entry::needs::driver);
  if (e.stopped()) return e.result();
  const memory_block* const b = e.w.memory.find(at);
  if (data == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  if (b == nullptr) return e.result(CUDA_ERROR_INVALID_VALUE);  // a way to ask what a pointer is
  switch (a) {
    case CU_POINTER_ATTRIBUTE_CONTEXT:
      *static_cast<CUcontext*>(data) = reinterpret_cast<CUcontext>(b->context);
      break;
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      *static_cast<unsigned*>(data) =
          b->kind == block_kind::pinned ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
      break;
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
      *static_cast<CUdeviceptr*>(data) = at;
      break;
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
      if (b->kind != block_kind::pinned) return e.result(CUDA_ERROR_INVALID_VALUE);
      *static_cast<void**>(data) = reinterpret_cast<void*>(at);
      break;
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      *static_cast<unsigned*>(data) = 0;
      break;
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
      *static_cast<int*>(data) = b->device;
      break;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
      *static_cast<CUdeviceptr*>(data) = b->at;
      break;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
      *static_cast<std::size_t*>(data) = b->bytes;
      break;
    default:
      return e.misused(CUDA_ERROR_NOT_SUPPORTED, "the fake does not know attribute " + std::to_string(a));
  }
  return e.result();
}
