// Buffers and command queues of the user's beside the module's own.
#include "opencl/device.hpp"
#include "opencl/event.hpp"

namespace busfare::opencl {

namespace {

constexpr const char* buffer_hint = "make it with clCreateBuffer in the context of bf::native_device_of";

}  // namespace

// A kernel of the caller's must not find the buffer mapped.
void* device::native_memory(const backend::block& memory) {
  wall_.require_alive();
  const auto buffer = static_cast<cl_mem>(memory.handle);
  if (memory.kind == backend::memory_kind::mapped) {
    cl_event raw = nullptr;
    memory_.settle(service_.get(), buffer, &raw);
    const event_handle unmapped(raw);
    if (unmapped) await(wall_, service_.get(), raw, memory.bytes);
  }
  return buffer;
}

backend::block device::adopt_native(void* memory, std::size_t bytes, std::size_t) {
  wall_.require_alive();
  const auto buffer = static_cast<cl_mem>(memory);
  const auto refuse = [&](const std::string& why, const char* hint) {
    wall_.refuse(error_class::invalid_argument,
                 "the cl_mem that is to hold " + std::to_string(bytes) + " bytes " + why, hint);
  };
  if (buffer == nullptr) refuse("is null", buffer_hint);
  const auto ask = [&](cl_mem_info which, auto& answer) {
    const cl_int code = clGetMemObjectInfo(buffer, which, sizeof answer, &answer, nullptr);
    if (code == CL_INVALID_MEM_OBJECT) refuse("is no memory object (clGetMemObjectInfo)", buffer_hint);
    wall_.check(code, "clGetMemObjectInfo", std::uint64_t{bytes});
  };
  cl_mem_object_type kind = 0;
  cl_context context = nullptr;
  cl_mem_flags flags = 0;
  std::size_t size = 0;
  ask(CL_MEM_TYPE, kind);
  if (kind != CL_MEM_OBJECT_BUFFER) refuse("is an image, not a buffer", buffer_hint);
  ask(CL_MEM_CONTEXT, context);
  if (context != context_.get()) refuse("belongs to another context than this device's", buffer_hint);
  ask(CL_MEM_SIZE, size);
  if (size < bytes)
    refuse("has only " + std::to_string(size), "give the extents of the buffer, or make a larger one");
  ask(CL_MEM_FLAGS, flags);
  if ((flags & (CL_MEM_WRITE_ONLY | CL_MEM_HOST_NO_ACCESS | CL_MEM_HOST_WRITE_ONLY)) != 0)
    refuse("was made so that kernels or the host cannot read it",
           "leave CL_MEM_WRITE_ONLY, CL_MEM_HOST_NO_ACCESS and CL_MEM_HOST_WRITE_ONLY away");
  return {buffer, 0, bytes, backend::memory_kind::device, nullptr};
}

void device::check_queue(void* stream, const char* call) const {
  wall_.require_alive();
  constexpr const char* hint = "make it with clCreateCommandQueue in the context of bf::native_device_of";
  const auto queue = static_cast<cl_command_queue>(stream);
  cl_context context = nullptr;
  cl_int code = CL_INVALID_COMMAND_QUEUE;
  if (queue != nullptr)
    code = clGetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof context, &context, nullptr);
  if (code == CL_INVALID_COMMAND_QUEUE)
    wall_.refuse(error_class::invalid_argument, std::string(call) + ": the stream is no command queue", hint);
  wall_.check(code, "clGetCommandQueueInfo");
  if (context != context_.get())
    wall_.refuse(error_class::invalid_argument,
                 std::string(call) + ": the command queue belongs to another context than this device's",
                 hint);
}

std::unique_ptr<backend::event> device::mark_on(void* stream) {
  check_queue(stream, "clEnqueueMarkerWithWaitList");
  const auto theirs = static_cast<cl_command_queue>(stream);
  cl_event raw = nullptr;
  wall_.check(clEnqueueMarkerWithWaitList(theirs, 0, nullptr, &raw), "clEnqueueMarkerWithWaitList");
  event_handle last(raw);
  wall_.check(clRetainCommandQueue(theirs), "clRetainCommandQueue");
  return std::make_unique<event>(wall_, queue_handle(theirs), event_handle(), std::move(last), 0, false);
}

void device::wait_on(void* stream, backend::event& e) {
  check_queue(stream, "clEnqueueBarrierWithWaitList");
  auto& mine = dynamic_cast<event&>(e);
  mine.flush();
  const cl_event native = mine.native();
  wall_.check(clEnqueueBarrierWithWaitList(static_cast<cl_command_queue>(stream), 1, &native, nullptr),
              "clEnqueueBarrierWithWaitList");
}

}  // namespace busfare::opencl
