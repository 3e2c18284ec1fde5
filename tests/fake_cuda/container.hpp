// What the fake NVRTC calls a cubin: a header, then a shared object of the host. And what that object
// exports.
#pragma once

#include <cstdint>
#include <cstring>

namespace fake_cuda {

struct container_header {
  char magic[8];
  std::int32_t capability;  ///< 90
  std::int32_t portable;    ///< 1: PTX, runs on this capability and all above
  std::uint64_t bytes;      ///< of the object, which follows
  std::uint64_t check;      ///< checksum_of the object
};
inline constexpr char container_magic[8] = {'F', 'A', 'K', 'E', 'C', 'U', 'B', '1'};

inline std::uint64_t checksum_of(const char* data, std::uint64_t bytes) {
  std::uint64_t h = 14695981039346656037u;
  for (std::uint64_t i = 0; i < bytes; ++i) h = (h ^ static_cast<unsigned char>(data[i])) * 1099511628211u;
  return h;
}

/// One launch of a kernel of the object. Laid out as the shim's text declares it.
struct kernel_launch {
  unsigned grid[3], block[3];
  void** parameters;
  char* stacks;  ///< one for each thread of a block
  std::uint64_t stack_bytes;
  std::uint64_t seed;  ///< decides in which order threads and blocks run
};

/// As the shim's text declares it. `kinds`: 0 a value, 1 a pointer to const, 2 a pointer.
struct kernel_entry {
  const char* name;
  std::uint32_t parameters;
  const std::uint32_t* sizes;
  const unsigned char* kinds;
  std::uint32_t most_threads;            ///< __launch_bounds__, or 0
  int (*run)(const kernel_launch* how);  ///< 0: well; 1: threads of a block parted at a barrier
};

}  // namespace fake_cuda
