// Memory and streams of the user's beside the module's own.
#include <cstdio>

#include "cuda/device.hpp"

namespace busfare::cuda {

namespace {

std::string hex(CUdeviceptr at) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(at));
  return text;
}

// A stream that the driver knows for another context's, or for none.
bool is_foreign(CUresult code) { return code == CUDA_ERROR_INVALID_HANDLE; }

constexpr const char* stream_hint =
    "give a stream that was made while the context of bf::native_device_of was current";

}  // namespace

// The driver knows every live piece of memory of its own making.
backend::block device::adopt_native(void* memory, std::size_t bytes, std::size_t alignment) {
  wall_.require_alive();
  const auto at = reinterpret_cast<CUdeviceptr>(memory);
  const std::string what =
      "the memory at " + hex(at) + " that is to hold " + std::to_string(bytes) + " bytes ";
  const auto refuse = [&](const std::string& why, const char* hint) {
    wall_.refuse(error_class::invalid_argument, what + why, hint);
  };
  if (at == 0) refuse("is null", "pass what cuMemAlloc or cudaMalloc returned");
  if (at % alignment != 0)
    refuse("is not aligned to the " + std::to_string(alignment) + " bytes of its elements",
           "pass an address that is a multiple of the element's size");
  const current here(context_);
  const driver& call = context_.calls();
  const auto ask = [&](CUpointer_attribute which, void* answer) {
    return call.cuPointerGetAttribute(answer, which, at);
  };
  unsigned kind = 0;
  const CUresult known = ask(CU_POINTER_ATTRIBUTE_MEMORY_TYPE, &kind);
  if (known == CUDA_ERROR_INVALID_VALUE)
    refuse("is nothing that the driver allocated, or was freed (cuPointerGetAttribute)",
           "pass live memory of cuMemAlloc or cudaMalloc; host memory goes to bf::adopt or bf::view_of");
  wall_.check(known, "cuPointerGetAttribute", std::uint64_t{bytes});
  int managed = 0;
  wall_.quietly(ask(CU_POINTER_ATTRIBUTE_IS_MANAGED, &managed), "cuPointerGetAttribute");
  if (kind != CU_MEMORYTYPE_DEVICE && managed == 0)
    refuse("is host memory", "host memory goes to bf::adopt or bf::view_of");
  int ordinal = 0;
  wall_.check(ask(CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, &ordinal), "cuPointerGetAttribute",
              std::uint64_t{bytes});
  if (ordinal != found_.ordinal && managed == 0)
    refuse("belongs to the driver's GPU " + std::to_string(ordinal) + ", this device is its GPU " +
               std::to_string(found_.ordinal),
           "name the device on which it was allocated");
  CUdeviceptr begin = 0;
  std::size_t size = 0;
  if (ask(CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, &begin) == CUDA_SUCCESS &&
      ask(CU_POINTER_ATTRIBUTE_RANGE_SIZE, &size) == CUDA_SUCCESS && at >= begin &&
      (at - begin > size || size - (at - begin) < bytes))
    refuse("has only " + std::to_string(at - begin > size ? 0 : size - (at - begin)) +
               " bytes from there to its end",
           "give the extents of what was allocated");
  return {memory, 0, bytes, backend::memory_kind::device, nullptr};
}

std::unique_ptr<backend::event> device::mark_on(void* stream) {
  const current here(context_);
  pooled_event last(events_);
  const CUresult code = context_.calls().cuEventRecord(last.get(), static_cast<CUstream>(stream));
  if (is_foreign(code))
    wall_.refuse(error_class::invalid_argument,
                 "cuEventRecord: the stream is none of this device's primary context", stream_hint);
  wall_.check(code, "cuEventRecord");
  return std::make_unique<event>(context_, pooled_event(), std::move(last), nullptr);
}

void device::wait_on(void* stream, backend::event& e) {
  auto& mine = dynamic_cast<event&>(e);
  const current here(context_);
  const CUresult code = context_.calls().cuStreamWaitEvent(static_cast<CUstream>(stream), mine.native(), 0);
  if (is_foreign(code))
    wall_.refuse(error_class::invalid_argument,
                 "cuStreamWaitEvent: the stream is none of this device's primary context", stream_hint);
  wall_.check(code, "cuStreamWaitEvent");
}

}  // namespace busfare::cuda
