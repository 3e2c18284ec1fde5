// The driver's copies. Pinned memory is read and written when the work runs, which is as late as it likes.
#include <cstring>

#include "fake_cuda/world.hpp"

using namespace fake_cuda;

namespace {

/// Is [at, at + bytes) device memory that the copy may use? Else the call is to return `bad`.
bool check_device(entry& e, address at, std::uint64_t bytes, CUresult& bad) {
  const memory_block* const b = e.w.memory.find(at);
  if (b == nullptr || b->kind == block_kind::pinned) {
    bad = e.misused(CUDA_ERROR_INVALID_VALUE, "the address is not in live device memory");
    return false;
  }
  if (bytes > b->at + b->bytes - at) {
    bad =
        e.misused(CUDA_ERROR_INVALID_VALUE, "the copy ends " + std::to_string(at + bytes - b->at - b->bytes) +
                                                " bytes behind its memory");
    return false;
  }
  return true;
}

/// Is it host memory? `pinned`: of the driver.
bool check_host(entry& e, const void* p, std::uint64_t bytes, bool& pinned, CUresult& bad) {
  const auto at = reinterpret_cast<address>(p);
  const memory_block* const b = e.w.memory.find(at);
  pinned = b != nullptr && b->kind == block_kind::pinned;
  if (p == nullptr || e.w.memory.is_device_address(at)) {
    bad = e.misused(CUDA_ERROR_INVALID_VALUE, "the host address is null or a device's");
    return false;
  }
  if (pinned && bytes > b->at + b->bytes - at) {
    bad = e.misused(CUDA_ERROR_INVALID_VALUE, "the copy ends behind its pinned memory");
    return false;
  }
  return true;
}

/// Queues the copy of bytes between addresses that were checked.
work_ptr put_copy(entry& e, stream& s, address to, address from, std::uint64_t bytes,
                  std::vector<address> uses) {
  world& w = e.w;
  const std::vector<address> all = uses;
  work_ptr made = w.put(
      s,
      [&w, to, from, bytes, all]() -> CUresult {
        for (const address a : all)
          if (w.memory.find(a) == nullptr) {
            w.misuse("a copy runs when its memory is gone");
            return CUDA_ERROR_ILLEGAL_ADDRESS;
          }
        std::memmove(w.memory.reach(to), w.memory.reach(from), bytes);
        return CUDA_SUCCESS;
      },
      std::move(uses));
  for (const address a : all)
    if (const memory_block* const b = w.memory.find(a)) w.check_use(e.name(), *b, made->past);
  return made;
}

}  // namespace

FAKE_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, std::size_t bytes, CUstream h) {
  entry e("cuMemcpyHtoDAsync_v2");
  CUresult bad = CUDA_SUCCESS;
  bool pinned = false;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr || bytes == 0) return e.result(bad);
  if (!check_device(e, to, bytes, bad) || !check_host(e, from, bytes, pinned, bad)) return bad;
  const auto source = reinterpret_cast<address>(from);
  if (pinned) {
    put_copy(e, *s, to, source, bytes, {to, source});
    return e.result();
  }
  // The source of pageable memory is read before the call returns.
  const auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(from),
                                                          static_cast<const char*>(from) + bytes);
  world& w = e.w;
  const work_ptr made = w.put(*s,
                              [&w, staged, to]() -> CUresult {
                                if (w.memory.find(to) == nullptr) {
                                  w.misuse("a copy runs when its memory is gone");
                                  return CUDA_ERROR_ILLEGAL_ADDRESS;
                                }
                                std::memcpy(w.memory.reach(to), staged->data(), staged->size());
                                return CUDA_SUCCESS;
                              },
                              {to});
  if (const memory_block* const b = w.memory.find(to)) w.check_use(e.name(), *b, made->past);
  return e.result();
}

FAKE_EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, std::size_t bytes, CUstream h) {
  entry e("cuMemcpyDtoHAsync_v2");
  CUresult bad = CUDA_SUCCESS;
  bool pinned = false;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr || bytes == 0) return e.result(bad);
  if (!check_device(e, from, bytes, bad) || !check_host(e, to, bytes, pinned, bad)) return bad;
  const auto target = reinterpret_cast<address>(to);
  std::vector<address> uses{from};
  if (pinned) uses.push_back(target);
  const work_ptr made = put_copy(e, *s, target, from, bytes, std::move(uses));
  // Pageable memory is written when the call returns.
  return e.result(pinned ? CUDA_SUCCESS : e.w.wait_for(e.lock, e.c, made));
}

FAKE_EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream h) {
  entry e("cuMemcpyDtoDAsync_v2");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr || bytes == 0) return e.result(bad);
  if (!check_device(e, to, bytes, bad) || !check_device(e, from, bytes, bad)) return bad;
  if (to < from + bytes && from < to + bytes) e.w.misuse("cuMemcpyDtoDAsync_v2: source and target overlap");
  put_copy(e, *s, to, from, bytes, {to, from});
  return e.result();
}

FAKE_EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, std::size_t bytes, CUstream h) {
  entry e("cuMemsetD8Async");
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  stream* const s = e.find_stream(h, bad);
  if (s == nullptr || bytes == 0) return e.result(bad);
  if (!check_device(e, to, bytes, bad)) return bad;
  world& w = e.w;
  const work_ptr made = w.put(*s,
                              [&w, to, value, bytes]() -> CUresult {
                                if (w.memory.find(to) == nullptr) return CUDA_ERROR_ILLEGAL_ADDRESS;
                                std::memset(w.memory.reach(to), value, bytes);
                                return CUDA_SUCCESS;
                              },
                              {to});
  if (const memory_block* const b = w.memory.find(to)) w.check_use(e.name(), *b, made->past);
  return e.result();
}
