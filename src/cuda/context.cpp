// Retaining the primary context; pushing and popping it; streams in it; waits that end.
#include "cuda/context.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

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

namespace {

constexpr std::chrono::microseconds spin{50};  // less than being woken takes

// The naps grow with the time already spent, so that a short wait ends early and a long one costs few looks.
template <class Ask> CUresult poll(const context& c, const char* call, const Ask& ask) noexcept {
  using clock = std::chrono::steady_clock;
  const clock::time_point begin = clock::now();
  for (;;) {
    const CUresult code = ask();
    if (code != CUDA_ERROR_NOT_READY) return code;
    const std::chrono::nanoseconds spent = clock::now() - begin;
    if (spent >= c.errors().longest_wait()) {
      c.errors().hung(call);
      return CUDA_ERROR_TIMEOUT;
    }
    if (spent < spin)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(std::clamp<std::chrono::nanoseconds>(
          spent / 16, std::chrono::microseconds(5), std::chrono::microseconds(200)));
  }
}

}  // namespace

CUresult finish(const context& c, CUstream s) noexcept {
  if (c.errors().longest_wait().count() == 0) return c.calls().cuStreamSynchronize(s);
  return poll(c, "cuStreamQuery", [&] { return c.calls().cuStreamQuery(s); });
}

CUresult finish(const context& c, CUevent e) noexcept {
  if (c.errors().longest_wait().count() == 0) return c.calls().cuEventSynchronize(e);
  return poll(c, "cuEventQuery", [&] { return c.calls().cuEventQuery(e); });
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
