// NVRTC's functions, found at run time.
#pragma once

#include <nvrtc.h>
#include <string>

namespace busfare::cuda {

#define BUSFARE_CUDA_NVRTC_ENTRIES(entry)                                                             \
  entry(nvrtcVersion) entry(nvrtcGetErrorString) entry(nvrtcCreateProgram) entry(nvrtcDestroyProgram) \
      entry(nvrtcCompileProgram) entry(nvrtcGetProgramLogSize) entry(nvrtcGetProgramLog)              \
          entry(nvrtcGetCUBINSize) entry(nvrtcGetCUBIN) entry(nvrtcGetPTXSize) entry(nvrtcGetPTX)     \
              entry(nvrtcGetNumSupportedArchs) entry(nvrtcGetSupportedArchs)

/// One pointer per entry, none null, and what they say of themselves.
struct nvrtc {
#define BUSFARE_CUDA_ENTRY(symbol) decltype(&::symbol) symbol = nullptr;
  BUSFARE_CUDA_NVRTC_ENTRIES(BUSFARE_CUDA_ENTRY)
#undef BUSFARE_CUDA_ENTRY
  int major = 0, minor = 0;
};

struct nvrtc_search {
  const nvrtc* table = nullptr;  ///< null: not here
  std::string problem;           ///< why not
};

/// Loads the newest NVRTC that a driver of this version (13000 for 13.0) can run the output of:
/// libnvrtc.so.13 or .12 by the loader's paths, then from /usr/local/cuda. The first call decides; never
/// unloaded. Any thread.
const nvrtc_search& find_nvrtc(int driver_version);

}  // namespace busfare::cuda
