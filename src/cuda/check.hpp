// The one wall between the driver's codes and busfare::error.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include <busfare/error.hpp>

#include "cuda/driver.hpp"

namespace busfare::cuda {

/// The reaction that a code asks for. Codes after which a context takes no more calls are device_lost.
error_class class_of(CUresult code) noexcept;
/// "CUDA_ERROR_OUT_OF_MEMORY (out of memory)", as the driver words it; the number where it has no words.
std::string words_for(const driver* d, CUresult code);

/// Turns codes into errors that name the device, and remembers when the device is lost. One per opened
/// device; any thread.
class wall {
 public:
  /// `longest_wait`: of one wait for queued work; zero: for ever.
  explicit wall(std::string device = {}, const driver* words = nullptr,
                std::chrono::nanoseconds longest_wait = std::chrono::nanoseconds{0})
      : device_(std::move(device)), words_(words), longest_wait_(longest_wait) {}

  /// Throws unless `code` is CUDA_SUCCESS. `about` ends the sentence "CALL failed ...".
  void check(CUresult code, const char* call, const char* about = "") const {
    if (code != CUDA_SUCCESS) fail(code, call, about);
  }
  /// The same for calls about an amount of memory.
  void check(CUresult code, const char* call, std::uint64_t bytes) const {
    if (code != CUDA_SUCCESS) fail(code, call, "for " + std::to_string(bytes) + " bytes");
  }
  /// For destructors and other places that cannot throw: remembers a loss, nothing else.
  void quietly(CUresult code, const char* call) const noexcept;
  /// Throws the error that `check` would.
  [[noreturn]] void fail(CUresult code, const char* call, const std::string& about) const;
  /// Throws an error that no vendor call reported.
  [[noreturn]] void refuse(error_class kind, const std::string& message, const char* hint = "") const;

  [[nodiscard]] std::chrono::nanoseconds longest_wait() const noexcept { return longest_wait_; }
  /// Queued work has not ended within `longest_wait`: remembers a loss.
  void hung(const char* call) const noexcept;
  /// The same, and throws timeout. `bytes`: what the wait was about; 0 where that is no amount of memory.
  [[noreturn]] void fail_hung(const char* call, std::uint64_t bytes) const;

  /// Throws device_lost where the device was lost before, so that a broken context is not called again.
  void require_alive() const;
  [[nodiscard]] bool is_lost() const noexcept { return is_lost_.load(std::memory_order_acquire); }
  /// Why the device is lost; empty while it is well.
  [[nodiscard]] std::string lost() const;
  [[nodiscard]] const std::string& device() const noexcept { return device_; }

 private:
  void remember(const std::string& reason) const;

  std::string device_;
  const driver* words_;
  std::chrono::nanoseconds longest_wait_;
  mutable std::atomic<bool> is_lost_{false};
  mutable std::mutex guard_;
  mutable std::string reason_;
};

}  // namespace busfare::cuda
