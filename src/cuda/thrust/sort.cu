// Sorting by CUB, built by nvcc into a library of its own; it finds the driver when it is first called.
#include <cub/device/device_radix_sort.cuh>

#include "cuda/thrust/sort.hpp"

#define BUSFARE_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

template <class Key>
int sort(const void* in, void* out, std::uint64_t count, void* scratch, std::uint64_t* scratch_bytes,
         void* stream) {
  int device = 0;
  if (const cudaError_t code = cudaGetDevice(&device); code != cudaSuccess) return static_cast<int>(code);
  std::size_t bytes = static_cast<std::size_t>(*scratch_bytes);
  const cudaError_t code = cub::DeviceRadixSort::SortKeys(
      scratch, bytes, static_cast<const Key*>(in), static_cast<Key*>(out), count, 0,
      static_cast<int>(sizeof(Key)) * 8, static_cast<cudaStream_t>(stream));
  *scratch_bytes = bytes;
  if (code != cudaSuccess) static_cast<void>(cudaGetLastError());  // else the next call would report it again
  return static_cast<int>(code);
}

}  // namespace

BUSFARE_EXPORT int busfare_cuda_sort(int type, const void* in, void* out, std::uint64_t count, void* scratch,
                                     std::uint64_t* scratch_bytes, void* stream) {
  switch (type) {
    case 0:
      return sort<float>(in, out, count, scratch, scratch_bytes, stream);
    case 1:
      return sort<double>(in, out, count, scratch, scratch_bytes, stream);
    case 2:
      return sort<std::int32_t>(in, out, count, scratch, scratch_bytes, stream);
    case 3:
      return sort<std::uint32_t>(in, out, count, scratch, scratch_bytes, stream);
    case 4:
      return sort<std::int64_t>(in, out, count, scratch, scratch_bytes, stream);
    case 5:
      return sort<std::uint64_t>(in, out, count, scratch, scratch_bytes, stream);
    default:
      return -1;
  }
}

BUSFARE_EXPORT const char* busfare_cuda_words(int code) {
  return code == -1 ? "not a type that can be sorted" : cudaGetErrorString(static_cast<cudaError_t>(code));
}
