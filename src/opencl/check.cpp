// Names and classes of OpenCL's return codes.
#include "opencl/check.hpp"

namespace busfare::opencl {

namespace {

// cl_ext.h's and the vendors' own; spelled here so that the plain header is enough.
constexpr cl_int platform_not_found_khr = -1001;
constexpr cl_int nvidia_illegal_access = -9999;

const char* hint_for(error_class kind) {
  switch (kind) {
    case error_class::out_of_memory:
      return "release arrays, or use a device with more memory";
    case error_class::device_lost:
      return "the device takes no more work in this process; check the driver's log";
    case error_class::unavailable:
      return "install your GPU vendor's OpenCL driver, or pocl-opencl-icd to run OpenCL on the CPU";
    default:
      return "";
  }
}

}  // namespace

const char* name_of(cl_int code) noexcept {
  switch (code) {
#define BUSFARE_CODE(c) \
  case c:               \
    return #c
    BUSFARE_CODE(CL_SUCCESS);
    BUSFARE_CODE(CL_DEVICE_NOT_FOUND);
    BUSFARE_CODE(CL_DEVICE_NOT_AVAILABLE);
    BUSFARE_CODE(CL_COMPILER_NOT_AVAILABLE);
    BUSFARE_CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE);
    BUSFARE_CODE(CL_OUT_OF_RESOURCES);
    BUSFARE_CODE(CL_OUT_OF_HOST_MEMORY);
    BUSFARE_CODE(CL_PROFILING_INFO_NOT_AVAILABLE);
    BUSFARE_CODE(CL_MEM_COPY_OVERLAP);
    BUSFARE_CODE(CL_BUILD_PROGRAM_FAILURE);
    BUSFARE_CODE(CL_MAP_FAILURE);
    BUSFARE_CODE(CL_MISALIGNED_SUB_BUFFER_OFFSET);
    BUSFARE_CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST);
    BUSFARE_CODE(CL_COMPILE_PROGRAM_FAILURE);
    BUSFARE_CODE(CL_LINKER_NOT_AVAILABLE);
    BUSFARE_CODE(CL_LINK_PROGRAM_FAILURE);
    BUSFARE_CODE(CL_KERNEL_ARG_INFO_NOT_AVAILABLE);
    BUSFARE_CODE(CL_INVALID_VALUE);
    BUSFARE_CODE(CL_INVALID_PLATFORM);
    BUSFARE_CODE(CL_INVALID_DEVICE);
    BUSFARE_CODE(CL_INVALID_CONTEXT);
    BUSFARE_CODE(CL_INVALID_QUEUE_PROPERTIES);
    BUSFARE_CODE(CL_INVALID_COMMAND_QUEUE);
    BUSFARE_CODE(CL_INVALID_HOST_PTR);
    BUSFARE_CODE(CL_INVALID_MEM_OBJECT);
    BUSFARE_CODE(CL_INVALID_BINARY);
    BUSFARE_CODE(CL_INVALID_BUILD_OPTIONS);
    BUSFARE_CODE(CL_INVALID_PROGRAM);
    BUSFARE_CODE(CL_INVALID_PROGRAM_EXECUTABLE);
    BUSFARE_CODE(CL_INVALID_KERNEL_NAME);
    BUSFARE_CODE(CL_INVALID_KERNEL_DEFINITION);
    BUSFARE_CODE(CL_INVALID_KERNEL);
    BUSFARE_CODE(CL_INVALID_ARG_INDEX);
    BUSFARE_CODE(CL_INVALID_ARG_VALUE);
    BUSFARE_CODE(CL_INVALID_ARG_SIZE);
    BUSFARE_CODE(CL_INVALID_KERNEL_ARGS);
    BUSFARE_CODE(CL_INVALID_WORK_DIMENSION);
    BUSFARE_CODE(CL_INVALID_WORK_GROUP_SIZE);
    BUSFARE_CODE(CL_INVALID_WORK_ITEM_SIZE);
    BUSFARE_CODE(CL_INVALID_GLOBAL_OFFSET);
    BUSFARE_CODE(CL_INVALID_EVENT_WAIT_LIST);
    BUSFARE_CODE(CL_INVALID_EVENT);
    BUSFARE_CODE(CL_INVALID_OPERATION);
    BUSFARE_CODE(CL_INVALID_BUFFER_SIZE);
    BUSFARE_CODE(CL_INVALID_GLOBAL_WORK_SIZE);
    BUSFARE_CODE(CL_INVALID_PROPERTY);
    BUSFARE_CODE(CL_INVALID_COMPILER_OPTIONS);
    BUSFARE_CODE(CL_INVALID_LINKER_OPTIONS);
#undef BUSFARE_CODE
    case platform_not_found_khr:
      return "CL_PLATFORM_NOT_FOUND_KHR";
    case nvidia_illegal_access:
      return "an illegal access by a kernel (NVIDIA)";
    default:
      return "an unknown code";
  }
}

error_class class_of(cl_int code) noexcept {
  switch (code) {
    case CL_MEM_OBJECT_ALLOCATION_FAILURE:
    case CL_OUT_OF_RESOURCES:
    case CL_OUT_OF_HOST_MEMORY:
    case CL_INVALID_BUFFER_SIZE:  // more than the device's largest single allocation
      return error_class::out_of_memory;
    case CL_DEVICE_NOT_AVAILABLE:
    case CL_INVALID_CONTEXT:  // our handles are sound: a driver that disowns them has lost them
    case CL_INVALID_COMMAND_QUEUE:
    case nvidia_illegal_access:
      return error_class::device_lost;
    case CL_BUILD_PROGRAM_FAILURE:
    case CL_COMPILE_PROGRAM_FAILURE:
    case CL_LINK_PROGRAM_FAILURE:
      return error_class::kernel_build;
    case CL_DEVICE_NOT_FOUND:
    case CL_COMPILER_NOT_AVAILABLE:
    case CL_LINKER_NOT_AVAILABLE:
    case platform_not_found_khr:
      return error_class::unavailable;
    case CL_MAP_FAILURE:
      return error_class::transient;
    default:
      return error_class::internal;
  }
}

void wall::remember(cl_int code, const char* call) const {
  const std::lock_guard lock(guard_);
  if (reason_.empty()) reason_ = std::string(call) + " returned " + name_of(code);
  is_lost_.store(true, std::memory_order_release);
}

void wall::quietly(cl_int code, const char* call) const noexcept {
  if (code == CL_SUCCESS || class_of(code) != error_class::device_lost) return;
  try {
    remember(code, call);
  } catch (...) {  // no memory for the words: the loss itself still counts
    is_lost_.store(true, std::memory_order_release);
  }
}

void wall::fail(cl_int code, const char* call, const std::string& about) const {
  const error_class kind = class_of(code);
  if (kind == error_class::device_lost) remember(code, call);
  error::details d;
  d.device = device_;
  d.native_code = code;
  d.native_call = call;
  d.hint = hint_for(kind);
  std::string message = std::string(call) + " failed with " + name_of(code);
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
    const std::lock_guard lock(guard_);
    if (reason_.empty())
      reason_ = std::string(call) + " waited longer than " +
                std::to_string(std::chrono::duration<double>(longest_wait_).count()) + " s for queued work";
    is_lost_.store(true, std::memory_order_release);
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
  if (is_lost_.load(std::memory_order_acquire))
    refuse(error_class::device_lost, "the device was lost earlier: " + lost(),
           hint_for(error_class::device_lost));
}

std::string wall::lost() const {
  if (!is_lost_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(guard_);
  return reason_.empty() ? "a call failed" : reason_;
}

}  // namespace busfare::opencl
