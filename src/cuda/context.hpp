// The device's primary context, which every CUDA library of the process shares, and making it current.
#pragma once

#include <new>

#include "cuda/check.hpp"

namespace busfare::cuda {

/// Retains the primary context while it lives. Any thread.
class context {
 public:
  /// Blocks: the first one in a process takes the driver tens to hundreds of milliseconds. Throws unavailable
  /// where the device cannot be had, out_of_memory.
  context(const wall& w, const driver& d, CUdevice device);
  ~context();
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  [[nodiscard]] CUcontext native() const noexcept { return native_; }
  [[nodiscard]] const wall& errors() const noexcept { return wall_; }
  [[nodiscard]] const driver& calls() const noexcept { return driver_; }

 private:
  const wall& wall_;
  const driver& driver_;
  CUdevice device_;
  CUcontext native_ = nullptr;
};

/// Makes the context current on this thread while it lives, above whatever the caller's thread had. It gives
/// the caller's back even after a loss: that call concerns the thread, not the broken context.
class current {
 public:
  /// Throws device_lost without calling the driver where the device was lost before.
  explicit current(const context& c);
  /// For places that cannot throw: false where the driver must not, or could not, be called.
  current(const context& c, std::nothrow_t) noexcept;
  ~current();
  current(const current&) = delete;
  current& operator=(const current&) = delete;
  explicit operator bool() const noexcept { return is_pushed_; }

 private:
  const context& context_;
  bool is_pushed_ = false;
};

/// Waits for all that is queued on a stream, or for an event, at most `wall::longest_wait`: the driver's own
/// waits have no end. The context is current. A wait that took too long has marked the device as lost, and
/// gives CUDA_ERROR_TIMEOUT.
CUresult finish(const context& c, CUstream s) noexcept;
CUresult finish(const context& c, CUevent e) noexcept;

/// A stream of its own, in no order with the legacy default stream. Destroying it does not wait.
class stream {
 public:
  explicit stream(const context& c);
  ~stream();
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  [[nodiscard]] CUstream get() const noexcept { return native_; }

 private:
  const context& context_;
  CUstream native_ = nullptr;
};

}  // namespace busfare::cuda
