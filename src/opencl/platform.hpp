// Which OpenCL devices are here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <busfare/backend/module.hpp>

#include "opencl/handle.hpp"

namespace busfare::opencl {

/// One usable device. Its name is its place among the usable ones of this machine.
struct found_device {
  cl_platform_id platform = nullptr;
  cl_device_id id = nullptr;
  /// Oclgrind runs what is queued inside blocking calls only: nothing ends while somebody looks or waits for
  /// a callback, so that waits for it cannot have a limit.
  bool runs_in_waits = false;
  /// PoCL keeps what it compiles on disk itself, and reads a program's binary from there: other processes
  /// that compile the same text meanwhile make it read directories that are gone (a null pointer inside the
  /// driver) or overrun its own buffer. So its binaries are never asked for.
  bool keeps_programs = false;
  backend::device_info info;              ///< exactness as the driver advertises it
  bool correctly_rounded_option = false;  ///< -cl-fp32-correctly-rounded-divide-sqrt may be given
  bool is_cpu = false;
  std::uint64_t cache = 0;           ///< bytes of a CPU's last cache; at most 64 MiB, 32 MiB where unknown
  std::size_t work_group_limit = 1;  ///< items of one group
  std::size_t work_items[3] = {1, 1, 1};  ///< items of one group along each dimension
  unsigned address_bits = 64;
};

/// All usable devices in the order of platforms and devices. What is here and cannot be used (no compiler,
/// OpenCL 1.1, big endian, ...) goes to `skipped` in words. No platform is an empty result. Throws only what
/// the standard library throws. The first call starts the vendors' drivers (tens of milliseconds).
std::vector<found_device> find_devices(std::vector<std::string>& skipped);

}  // namespace busfare::opencl
