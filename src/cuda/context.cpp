// Retaining the primary context; pushing and popping it; streams in it.
#include "cuda/context.hpp"

namespace busfare::cuda {

context::context(const wall& w, const driver& d, CUdevice device) : wall_(w), driver_(d), device_(device) {
  const CUresult code = d.cuDevicePrimaryCtxRetain(&native_, device);
  if (code == CUDA_SUCCESS) return;
  if (class_of(code) == error_class::device_lost)  // it never was ours
    w.refuse(error_class::unavailable, "cuDevicePrimaryCtxRetain failed with " + words_for(&d, code),
             "check with nvidia-smi that the driver works and that the GPU is free");
  w.check(code, "cuDevicePrimaryCtxRetain");
}

context::~context() {
  if (!wall_.is_lost())
    wall_.quietly(driver_.cuDevicePrimaryCtxRelease_v2(device_), "cuDevicePrimaryCtxRelease");
}

current::current(const context& c) : context_(c) {
  c.errors().require_alive();
  c.errors().check(c.calls().cuCtxPushCurrent_v2(c.native()), "cuCtxPushCurrent");
  is_pushed_ = true;
}

current::current(const context& c, std::nothrow_t) noexcept : context_(c) {
  if (c.errors().is_lost()) return;
  // Twice: what is to be released now would be lost for good.
  for (int attempt = 0; attempt < 2 && !is_pushed_ && !c.errors().is_lost(); ++attempt) {
    const CUresult code = c.calls().cuCtxPushCurrent_v2(c.native());
    c.errors().quietly(code, "cuCtxPushCurrent");
    is_pushed_ = code == CUDA_SUCCESS;
  }
}

current::~current() {
  if (!is_pushed_) return;
  CUcontext popped = nullptr;
  context_.errors().quietly(context_.calls().cuCtxPopCurrent_v2(&popped), "cuCtxPopCurrent");
}

stream::stream(const context& c) : context_(c) {
  const current here(c);
  c.errors().check(c.calls().cuStreamCreate(&native_, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
}

stream::~stream() {
  if (const current here(context_, std::nothrow); here)
    context_.errors().quietly(context_.calls().cuStreamDestroy_v2(native_), "cuStreamDestroy");
}

}  // namespace busfare::cuda
