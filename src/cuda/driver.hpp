// The CUDA driver's functions, found at run time.
#pragma once

#include <cuda.h>
#include <string>

namespace busfare::cuda {

// Every entry that this backend calls, by the name under which the driver exports it: cuda.h's macros would
// follow the toolkit of the build, and a driver is asked for what it has.
#define BUSFARE_CUDA_DRIVER_ENTRIES(entry)                                                                   \
  entry(cuInit) entry(cuDriverGetVersion) entry(cuDeviceGetCount) entry(cuDeviceGet) entry(cuDeviceGetName)  \
      entry(cuDeviceGetAttribute) entry(cuDeviceTotalMem_v2) entry(cuDeviceGetUuid_v2) entry(                \
          cuDeviceGetPCIBusId) entry(cuDevicePrimaryCtxRetain) entry(cuDevicePrimaryCtxRelease_v2)           \
          entry(cuCtxPushCurrent_v2) entry(cuCtxPopCurrent_v2) entry(cuCtxGetCurrent) entry(cuMemGetInfo_v2) \
              entry(cuMemAlloc_v2) entry(cuMemFree_v2) entry(cuMemAllocAsync) entry(cuMemFreeAsync)          \
                  entry(cuDeviceGetDefaultMemPool) entry(cuMemPoolSetAttribute) entry(cuMemPoolTrimTo)       \
                      entry(cuMemHostAlloc) entry(cuMemFreeHost) entry(cuMemcpyHtoDAsync_v2)                 \
                          entry(cuMemcpyDtoHAsync_v2) entry(cuMemcpyDtoDAsync_v2) entry(cuMemsetD8Async)     \
                              entry(cuStreamCreate) entry(cuStreamDestroy_v2) entry(cuStreamSynchronize)     \
                                  entry(cuStreamQuery) entry(cuStreamWaitEvent) entry(cuEventCreate)         \
                                      entry(cuEventDestroy_v2) entry(cuEventRecord) entry(cuEventQuery)      \
                                          entry(cuEventSynchronize) entry(cuModuleLoadData)                  \
                                              entry(cuModuleUnload) entry(cuModuleGetFunction)               \
                                                  entry(cuFuncGetAttribute) entry(cuLaunchKernel)            \
                                                      entry(cuOccupancyMaxPotentialBlockSize)                \
                                                          entry(cuGetErrorName) entry(cuGetErrorString)      \
                                                              entry(cuPointerGetAttribute)

/// One pointer per entry, none null.
struct driver {
#define BUSFARE_CUDA_ENTRY(symbol) decltype(&::symbol) symbol = nullptr;
  BUSFARE_CUDA_DRIVER_ENTRIES(BUSFARE_CUDA_ENTRY)
#undef BUSFARE_CUDA_ENTRY
  /// cuEventElapsedTime_v2, where the driver has it; else the first version, which may give a time while the
  /// second event is pending.
  CUresult (*event_elapsed)(float* milliseconds, CUevent from, CUevent to) = nullptr;
};

struct driver_search {
  const driver* table = nullptr;  ///< null: not here
  std::string problem;            ///< why not
};

/// Loads libcuda.so.1 at the first call and never unloads it. It calls nothing in it. Any thread.
const driver_search& find_driver();

}  // namespace busfare::cuda
