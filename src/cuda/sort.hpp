// Sorting of keys by the library that nvcc builds, loaded when it is first wanted.
#pragma once

#include <cstdint>
#include <string>

#include <busfare/type.hpp>

#include "cuda/check.hpp"

namespace busfare::cuda {

/// Why keys cannot be sorted here; empty where the library is loaded. Looks for busfare_cuda_thrust.so beside
/// this module at the first call. Any thread.
const std::string& sorting_problem();

/// Bytes of device memory that sorting `count` keys takes beside keys and result. The context is current.
/// Throws unavailable where the library, the driver or the GPU is missing, invalid_argument for a stored type
/// that does not compute.
std::uint64_t sort_scratch_bytes(const wall& w, type keys, std::uint64_t count);

/// Queues the sort on `s`: ascending, from `in` to `out`, which do not overlap; all three memories stay alive
/// until it is done. Order of special values: see cuda/thrust/sort.hpp. The context is current.
void sort_keys(const wall& w, type keys, CUdeviceptr in, CUdeviceptr out, std::uint64_t count,
               CUdeviceptr scratch, std::uint64_t scratch_bytes, CUstream s);

}  // namespace busfare::cuda
