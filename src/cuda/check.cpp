// Classes and words of the driver's codes.
#include "cuda/check.hpp"

namespace busfare::cuda {

namespace {

const char* hint_for(error_class kind) {
  switch (kind) {
    case error_class::out_of_memory:
      return "release arrays, or use a device with more memory";
    case error_class::device_lost:
      return "the device takes no more work in this process; check the system's log for NVRM messages";
    case error_class::unavailable:
      return "check with nvidia-smi that the driver works and that the GPU is free";
    default:
      return "";
  }
}

}  // namespace

error_class class_of(CUresult code) noexcept {
  switch (code) {
    case CUDA_ERROR_OUT_OF_MEMORY:
      return error_class::out_of_memory;
    case CUDA_ERROR_STUB_LIBRARY:
    case CUDA_ERROR_CALL_REQUIRES_NEWER_DRIVER:
    case CUDA_ERROR_DEVICE_NOT_LICENSED:
    case CUDA_ERROR_NOT_PERMITTED:
    case CUDA_ERROR_NOT_SUPPORTED:
    case CUDA_ERROR_SYSTEM_NOT_READY:
    case CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
    case CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE:
    case CUDA_ERROR_MPS_CONNECTION_FAILED:
    case CUDA_ERROR_MPS_SERVER_NOT_READY:
    case CUDA_ERROR_MPS_MAX_CLIENTS_REACHED:
    case CUDA_ERROR_MPS_MAX_CONNECTIONS_REACHED:
      return error_class::unavailable;
    case CUDA_ERROR_INVALID_IMAGE:
    case CUDA_ERROR_NO_BINARY_FOR_GPU:
    case CUDA_ERROR_INVALID_PTX:
    case CUDA_ERROR_JIT_COMPILER_NOT_FOUND:
    case CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
    case CUDA_ERROR_JIT_COMPILATION_DISABLED:
    case CUDA_ERROR_INVALID_SOURCE:
    case CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND:
    case CUDA_ERROR_SHARED_OBJECT_INIT_FAILED:
      return error_class::kernel_build;
    case CUDA_ERROR_NOT_READY:
      return error_class::transient;
    case CUDA_ERROR_TIMEOUT:
      return error_class::timeout;
    // The driver has shut down, or has disowned the context: no handle of ours is sound any more.
    case CUDA_ERROR_NOT_INITIALIZED:
    case CUDA_ERROR_DEINITIALIZED:
    case CUDA_ERROR_INVALID_CONTEXT:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    // The device went away from under an open context.
    case CUDA_ERROR_NO_DEVICE:
    case CUDA_ERROR_INVALID_DEVICE:
    case CUDA_ERROR_DEVICE_UNAVAILABLE:
    // Sticky: the process has to end before the device can be used again.
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_NVLINK_UNCORRECTABLE:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_MPS_RPC_FAILURE:
    case CUDA_ERROR_MPS_CLIENT_TERMINATED:
    case CUDA_ERROR_EXTERNAL_DEVICE:
    case CUDA_ERROR_UNKNOWN:
      return error_class::device_lost;
    default:
      // Of later toolkits than some that this compiles with: CONTAINED and TENSOR_MEMORY_LEAK are sticky.
      return code == static_cast<CUresult>(226) || code == static_cast<CUresult>(721)
                 ? error_class::device_lost
                 : error_class::internal;
  }
}

std::string words_for(const driver* d, CUresult code) {
  const char *name = nullptr, *text = nullptr;
  if (d != nullptr && d->cuGetErrorName(code, &name) == CUDA_SUCCESS && name != nullptr) {
    if (d->cuGetErrorString(code, &text) == CUDA_SUCCESS && text != nullptr)
      return std::string(name) + " (" + text + ")";
    return name;
  }
  return "code " + std::to_string(static_cast<int>(code));
}

void wall::remember(const std::string& reason) const {
  const std::lock_guard lock(guard_);
  if (reason_.empty()) reason_ = reason;
  is_lost_.store(true, std::memory_order_release);
}

void wall::quietly(CUresult code, const char* call) const noexcept {
  if (code == CUDA_SUCCESS || class_of(code) != error_class::device_lost) return;
  try {
    remember(std::string(call) + " returned code " + std::to_string(static_cast<int>(code)));
  } catch (...) {  // no memory for the words: the loss itself still counts
    is_lost_.store(true, std::memory_order_release);
  }
}

void wall::fail(CUresult code, const char* call, const std::string& about) const {
  const error_class kind = class_of(code);
  // A context that is lost says so to every call: what came first is the cause.
  if (kind == error_class::device_lost && is_lost()) require_alive();
  const std::string words = words_for(words_, code);
  if (kind == error_class::device_lost) remember(std::string(call) + " returned " + words);
  error::details d;
  d.device = device_;
  d.native_code = code;
  d.native_call = call;
  d.hint = hint_for(kind);
  std::string message = std::string(call) + " failed with " + words;
  if (!about.empty()) message += " " + about;
  throw error(kind, message, std::move(d));
}

void wall::refuse(error_class kind, const std::string& message, const char* hint) const {
  error::details d;
  d.device = device_;
  d.hint = hint;
  throw error(kind, message, std::move(d));
}

void wall::hung(const char* call) const noexcept {
  try {
    remember(std::string(call) + " waited longer than " +
             std::to_string(std::chrono::duration<double>(longest_wait_).count()) + " s for queued work");
  } catch (...) {  // no memory for the words: the loss itself still counts
    is_lost_.store(true, std::memory_order_release);
  }
}

void wall::fail_hung(const char* call, std::uint64_t bytes) const {
  hung(call);
  error::details d;
  d.device = device_;
  d.hint =
      "if its kernels may take longer, raise BUSFARE_WAIT (seconds, or off); else look for what keeps the "
      "device; it takes no more work in this process";
  throw error(error_class::timeout,
              std::string(call) + (bytes != 0 ? " for " + std::to_string(bytes) + " bytes" : std::string()) +
                  " waited longer than " +
                  std::to_string(std::chrono::duration<double>(longest_wait_).count()) + " s for queued work",
              std::move(d));
}

void wall::require_alive() const {
  if (is_lost())
    refuse(error_class::device_lost, "the device was lost earlier: " + lost(),
           hint_for(error_class::device_lost));
}

std::string wall::lost() const {
  if (!is_lost()) return {};
  const std::lock_guard lock(guard_);
  return reason_.empty() ? "a call failed" : reason_;
}

}  // namespace busfare::cuda
