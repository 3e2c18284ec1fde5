// The one wall between OpenCL's return codes and busfare::error.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include <busfare/error.hpp>

#include "opencl/handle.hpp"

namespace busfare::opencl {

/// "CL_OUT_OF_RESOURCES"; "an unknown code" for what no header names. Never null.
const char* name_of(cl_int code) noexcept;
/// The reaction that a code asks for.
error_class class_of(cl_int code) noexcept;

/// Turns codes into errors that name the device, and remembers when the device is lost. One per opened
/// device; any thread.
class wall {
 public:
  /// `longest_wait`: of one wait for queued work; zero: for ever. `runs_in_waits`: the driver runs what is
  /// queued inside blocking calls only, so that no wait has a limit and looking means waiting.
  explicit wall(std::string device = {}, std::chrono::nanoseconds longest_wait = std::chrono::nanoseconds{0},
                bool runs_in_waits = false)
      : device_(std::move(device)),
        longest_wait_(runs_in_waits ? std::chrono::nanoseconds{0} : longest_wait),
        runs_in_waits_(runs_in_waits) {}

  /// Throws unless `code` is CL_SUCCESS. `about` ends the sentence "CALL failed ...".
  void check(cl_int code, const char* call, const char* about = "") const {
    if (code != CL_SUCCESS) fail(code, call, about);
  }
  /// The same for calls about an amount of memory.
  void check(cl_int code, const char* call, std::uint64_t bytes) const {
    if (code != CL_SUCCESS) fail(code, call, "for " + std::to_string(bytes) + " bytes");
  }
  /// For destructors and other places that cannot throw: remembers a loss, nothing else.
  void quietly(cl_int code, const char* call) const noexcept;
  /// Throws the error that `check` would.
  [[noreturn]] void fail(cl_int code, const char* call, const std::string& about) const;
  /// Throws an error that no vendor call reported.
  [[noreturn]] void refuse(error_class kind, const std::string& message, const char* hint = "") const;

  [[nodiscard]] std::chrono::nanoseconds longest_wait() const noexcept { return longest_wait_; }
  [[nodiscard]] bool runs_in_waits() const noexcept { return runs_in_waits_; }
  /// Queued work has not ended within `longest_wait`: remembers a loss.
  void hung(const char* call) const noexcept;
  /// The same, and throws timeout. `bytes`: what the wait was about; 0 where that is no amount of memory.
  [[noreturn]] void fail_hung(const char* call, std::uint64_t bytes) const;

  /// Throws device_lost where the device was lost before, so that a dead driver is not called again.
  void require_alive() const;
  /// Why the device is lost; empty while it is well.
  [[nodiscard]] std::string lost() const;
  [[nodiscard]] const std::string& device() const noexcept { return device_; }

 private:
  void remember(cl_int code, const char* call) const;

  std::string device_;
  std::chrono::nanoseconds longest_wait_;
  bool runs_in_waits_;
  mutable std::atomic<bool> is_lost_{false};
  mutable std::mutex guard_;
  mutable std::string reason_;
};

}  // namespace busfare::opencl
