// Owners of OpenCL objects.
#pragma once

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>
#include <utility>

namespace busfare::opencl {

/// Owns one reference to an OpenCL object; null is none. What a driver says to the release is ignored: the
/// object is gone either way.
template <class Object, cl_int (*Retain)(Object), cl_int (*Release)(Object)> class handle {
 public:
  handle() = default;
  /// Takes over the caller's reference.
  explicit handle(Object owned) noexcept : object_(owned) {}
  handle(const handle& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) Retain(object_);
  }
  handle(handle&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  handle& operator=(handle other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~handle() {
    if (object_ != nullptr) Release(object_);
  }

  [[nodiscard]] Object get() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  [[nodiscard]] Object release() noexcept { return std::exchange(object_, nullptr); }

 private:
  Object object_ = nullptr;
};

using context_handle = handle<cl_context, clRetainContext, clReleaseContext>;
using queue_handle = handle<cl_command_queue, clRetainCommandQueue, clReleaseCommandQueue>;
using memory_handle = handle<cl_mem, clRetainMemObject, clReleaseMemObject>;
using program_handle = handle<cl_program, clRetainProgram, clReleaseProgram>;
using kernel_handle = handle<cl_kernel, clRetainKernel, clReleaseKernel>;
using event_handle = handle<cl_event, clRetainEvent, clReleaseEvent>;

}  // namespace busfare::opencl
