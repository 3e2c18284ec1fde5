// The driver's functions for devices, contexts and the names of errors.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "fake_cuda/world.hpp"

using namespace fake_cuda;

namespace {

struct error_row {
  CUresult code;
  const char* name;
  const char* text;
};
#define ROW(code, text) \
  { code, #code, text }
constexpr error_row errors[] = {
    ROW(CUDA_SUCCESS, "no error"),
    ROW(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    ROW(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    ROW(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    ROW(CUDA_ERROR_DEINITIALIZED, "driver shutting down"),
    ROW(CUDA_ERROR_DEVICE_UNAVAILABLE, "CUDA-capable device(s) is/are busy or unavailable"),
    ROW(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    ROW(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
    ROW(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
    ROW(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    ROW(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
    ROW(CUDA_ERROR_ECC_UNCORRECTABLE, "uncorrectable ECC error encountered"),
    ROW(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed"),
    ROW(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the provided PTX was compiled with an unsupported toolchain"),
    ROW(CUDA_ERROR_INVALID_SOURCE, "device kernel image is invalid"),
    ROW(CUDA_ERROR_OPERATING_SYSTEM, "OS call failed or operation not supported on this OS"),
    ROW(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
    ROW(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
    ROW(CUDA_ERROR_NOT_READY, "device not ready"),
    ROW(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
    ROW(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"),
    ROW(CUDA_ERROR_LAUNCH_TIMEOUT, "the launch timed out and was terminated"),
    ROW(CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed"),
    ROW(CUDA_ERROR_ASSERT, "device-side assert triggered"),
    ROW(CUDA_ERROR_HARDWARE_STACK_ERROR, "hardware stack error"),
    ROW(CUDA_ERROR_ILLEGAL_INSTRUCTION, "an illegal instruction was encountered"),
    ROW(CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address"),
    ROW(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
    ROW(CUDA_ERROR_NOT_PERMITTED, "operation not permitted"),
    ROW(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
    ROW(CUDA_ERROR_SYSTEM_NOT_READY, "system not yet initialized"),
    ROW(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, "system has unsupported display driver / cuda driver combination"),
    ROW(CUDA_ERROR_UNKNOWN, "unknown error"),
};
#undef ROW

const error_row* row_of(CUresult code) {
  const auto* const end = std::end(errors);
  const auto* const r =
      std::find_if(std::begin(errors), end, [&](const error_row& e) { return e.code == code; });
  return r != end ? r : nullptr;
}

device_state* device_of(entry& e, CUdevice d, CUresult& bad) {
  if (d >= 0 && static_cast<std::size_t>(d) < e.w.devices.size())
    return &e.w.devices[static_cast<std::size_t>(d)];
  bad = e.misused(CUDA_ERROR_INVALID_DEVICE, "there is no device " + std::to_string(d));
  return nullptr;
}

int attribute_of(const settings& s, CUdevice_attribute a, int ordinal) {
  switch (a) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
      return 64;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
      return 2147483647;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
      return 65535;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
      return 49152;
    case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR:
      return 65536;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
      return 32;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE:
      return 1000000;  // kHz
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH:
      return 256;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
      return 4 << 20;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
      return s.multiprocessors;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
      return 128;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR:
    case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT:
      return 2;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      return s.capability / 10;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      return s.capability % 10;
    case CU_DEVICE_ATTRIBUTE_INTEGRATED:
    case CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS:
      return s.integrated ? 1 : 0;
    case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID:
      return ordinal + 1;
    case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
    case CU_DEVICE_ATTRIBUTE_GPU_OVERLAP:
    case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

FAKE_EXPORT CUresult cuGetErrorName(CUresult code, const char** name) {
  const error_row* const r = row_of(code);
  if (name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *name = r != nullptr ? r->name : nullptr;
  return r != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

FAKE_EXPORT CUresult cuGetErrorString(CUresult code, const char** text) {
  const error_row* const r = row_of(code);
  if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *text = r != nullptr ? r->text : nullptr;
  return r != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

FAKE_EXPORT CUresult cuInit(unsigned flags) {
  entry e("cuInit", entry::needs::nothing);
  if (e.stopped()) return e.result();
  if (flags != 0) return e.misused(CUDA_ERROR_INVALID_VALUE, "its flags are 0");
  if (e.w.devices.empty()) return e.result(CUDA_ERROR_NO_DEVICE);
  e.w.initialised = true;
  return e.result();
}

FAKE_EXPORT CUresult cuDriverGetVersion(int* version) {
  entry e("cuDriverGetVersion", entry::needs::nothing);
  if (e.stopped()) return e.result();
  if (version == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  *version = e.w.set.driver_version;
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceGetCount(int* count) {
  entry e("cuDeviceGetCount", entry::needs::driver);
  if (e.stopped()) return e.result();
  if (count == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  *count = static_cast<int>(e.w.devices.size());
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  entry e("cuDeviceGet", entry::needs::driver);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (device == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  if (device_of(e, ordinal, bad) == nullptr) return bad;
  *device = ordinal;
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceGetName(char* name, int size, CUdevice d) {
  entry e("cuDeviceGetName", entry::needs::driver);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (device_of(e, d, bad) == nullptr) return bad;
  if (name == nullptr || size <= 0) return e.misused(CUDA_ERROR_INVALID_VALUE, "no room for a name");
  std::snprintf(name, static_cast<std::size_t>(size), "Fake GPU %d", d);
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute a, CUdevice d) {
  entry e("cuDeviceGetAttribute", entry::needs::driver);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (device_of(e, d, bad) == nullptr) return bad;
  if (value == nullptr || a <= 0 || a >= CU_DEVICE_ATTRIBUTE_MAX)
    return e.misused(CUDA_ERROR_INVALID_VALUE, "no such attribute");
  *value = attribute_of(e.w.set, a, d);
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceTotalMem_v2(std::size_t* bytes, CUdevice d) {
  entry e("cuDeviceTotalMem_v2", entry::needs::driver);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (device_of(e, d, bad) == nullptr) return bad;
  if (bytes == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  *bytes = e.w.set.memory;
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceGetUuid_v2(CUuuid* id, CUdevice d) {
  entry e("cuDeviceGetUuid_v2", entry::needs::driver);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (device_of(e, d, bad) == nullptr) return bad;
  if (id == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  for (int i = 0; i < 16; ++i) id->bytes[i] = static_cast<char>(0xfa + 16 * d + i);
  return e.result();
}

FAKE_EXPORT CUresult cuDeviceGetPCIBusId(char* text, int size, CUdevice d) {
  entry e("cuDeviceGetPCIBusId", entry::needs::driver);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  if (device_of(e, d, bad) == nullptr) return bad;
  if (text == nullptr || size < 13) return e.misused(CUDA_ERROR_INVALID_VALUE, "it needs 13 characters");
  std::snprintf(text, static_cast<std::size_t>(size), "0000:%02x:00.0", static_cast<unsigned>(d + 1) & 0xffu);
  return e.result();
}

FAKE_EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext* out, CUdevice d) {
  entry e("cuDevicePrimaryCtxRetain", entry::needs::driver);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  device_state* const state = device_of(e, d, bad);
  if (state == nullptr) return bad;
  if (out == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  if (state->gone != CUDA_SUCCESS) return e.result(CUDA_ERROR_DEVICE_UNAVAILABLE);
  context* const c = state->primary != 0 ? e.w.contexts.find(state->primary) : e.w.make_primary(*state);
  ++c->retained;
  *out = reinterpret_cast<CUcontext>(c->serial);
  return e.result();
}

FAKE_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice d) {
  entry e("cuDevicePrimaryCtxRelease_v2", entry::needs::driver, entry::frees::something);
  CUresult bad = CUDA_SUCCESS;
  if (e.stopped()) return e.result();
  device_state* const state = device_of(e, d, bad);
  if (state == nullptr) return bad;
  context* const c = state->primary != 0 ? e.w.contexts.find(state->primary) : nullptr;
  if (c == nullptr) return e.misused(CUDA_ERROR_INVALID_CONTEXT, "released more often than retained");
  if (--c->retained == 0) e.w.destroy(c);
  return e.result();
}

FAKE_EXPORT CUresult cuCtxPushCurrent_v2(CUcontext c) {
  entry e("cuCtxPushCurrent_v2", entry::needs::driver);
  if (e.stopped()) return e.result();
  if (e.w.contexts.find(number_of(c)) == nullptr) {
    e.w.bad_handle("cuCtxPushCurrent_v2", "a context", number_of(c));
    return e.result(CUDA_ERROR_INVALID_CONTEXT);
  }
  context_stack().push_back(number_of(c));
  return e.result();
}

FAKE_EXPORT CUresult cuCtxPopCurrent_v2(CUcontext* out) {
  entry e("cuCtxPopCurrent_v2", entry::needs::driver, entry::frees::something);
  if (e.stopped()) return e.result();
  if (context_stack().empty()) return e.misused(CUDA_ERROR_INVALID_CONTEXT, "nothing was pushed");
  if (out != nullptr) *out = reinterpret_cast<CUcontext>(context_stack().back());
  context_stack().pop_back();
  return e.result();
}

FAKE_EXPORT CUresult cuCtxGetCurrent(CUcontext* out) {
  entry e("cuCtxGetCurrent", entry::needs::driver);
  if (e.stopped()) return e.result();
  if (out == nullptr) return e.misused(CUDA_ERROR_INVALID_VALUE, "a null pointer");
  *out = context_stack().empty() ? nullptr : reinterpret_cast<CUcontext>(context_stack().back());
  return e.result();
}

FAKE_EXPORT CUresult cuCtxSetCurrent(CUcontext c) {
  entry e("cuCtxSetCurrent", entry::needs::driver);
  if (e.stopped()) return e.result();
  if (c != nullptr && e.w.contexts.find(number_of(c)) == nullptr) {
    e.w.bad_handle("cuCtxSetCurrent", "a context", number_of(c));
    return e.result(CUDA_ERROR_INVALID_CONTEXT);
  }
  if (!context_stack().empty()) context_stack().pop_back();
  if (c != nullptr) context_stack().push_back(number_of(c));
  return e.result();
}
