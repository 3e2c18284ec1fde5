// The C functions of the library that nvcc builds. No CUDA header, so that both compilers read it.
#pragma once

#include <cstdint>

extern "C" {

/// Sorts `count` keys of a stored type (busfare::type's number: f32, f64, i32, u32, i64, u64), ascending,
/// from `in` to `out`, which must not overlap: device memory of the calling thread's current context. Queued
/// on `stream` (a CUstream). With `scratch` null it does nothing but set *scratch_bytes to what it needs;
/// those bytes stay alive until the work is done. -0 and +0 are equal keys; a NaN's place is by its sign:
/// before all numbers or after them. Returns a cudaError_t, 0 for success; -1 for another type. Any thread.
int busfare_cuda_sort(int type, const void* in, void* out, std::uint64_t count, void* scratch,
                      std::uint64_t* scratch_bytes, void* stream);

/// The words of such a code. Never null.
const char* busfare_cuda_words(int code);
}
