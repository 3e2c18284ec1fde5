// Completion and times of queued work.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <busfare/backend/event.hpp>

#include "cuda/context.hpp"

namespace busfare::cuda {

/// The driver's events that nobody uses, kept for the next mark. Any thread.
class event_pool {
 public:
  explicit event_pool(const context& c) : context_(c) {}
  ~event_pool();
  event_pool(const event_pool&) = delete;
  event_pool& operator=(const event_pool&) = delete;

  /// The context is current.
  CUevent take();
  void give(CUevent e) noexcept;
  [[nodiscard]] const context& where() const noexcept { return context_; }

 private:
  const context& context_;
  std::mutex guard_;
  std::vector<CUevent> idle_;
};

/// Owns an event of the pool. Its waits block a thread without keeping its core.
class pooled_event {
 public:
  pooled_event() = default;
  /// The context is current.
  explicit pooled_event(event_pool& pool) : pool_(&pool), native_(pool.take()) {}
  pooled_event(pooled_event&& other) noexcept
      : pool_(other.pool_), native_(std::exchange(other.native_, nullptr)) {}
  pooled_event& operator=(pooled_event&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(native_, other.native_);
    return *this;
  }
  ~pooled_event() {
    if (native_ != nullptr) pool_->give(native_);
  }

  [[nodiscard]] CUevent get() const noexcept { return native_; }
  explicit operator bool() const noexcept { return native_ != nullptr; }
  /// The context is current.
  void record(CUstream s) const;
  /// The context is current. Does not block.
  [[nodiscard]] bool is_done() const;
  /// The context is current. Looks for some microseconds, then sleeps in between. Throws timeout as `finish`
  /// tells it; `bytes` of memory are what it waits for, 0: none.
  void await(std::uint64_t bytes = 0) const;

 private:
  event_pool* pool_ = nullptr;
  CUevent native_ = nullptr;
};

/// Where the device's clock stood at a moment of the host's steady clock.
struct clock_anchor {
  pooled_event at;
  std::int64_t host_ns = 0;
};

/// Looks at both clocks now and then: the driver tells times between events only, as floats, which are exact
/// to 0.1 us within a second. Any thread.
class device_clock {
 public:
  explicit device_clock(event_pool& pool);
  /// The latest anchor; measured anew (some 10 us) where it is older than a second. The context is current.
  std::shared_ptr<const clock_anchor> anchor();

 private:
  std::shared_ptr<const clock_anchor> measure(int looks);

  event_pool& pool_;
  stream stream_;
  std::mutex guard_;
  std::shared_ptr<const clock_anchor> latest_;
};

/// Done when `last` is. Times are good to about half of the time in which the anchor was taken (some us).
class event final : public backend::event {
 public:
  /// `first` was recorded before the first piece of work; empty where there was none.
  event(const context& c, pooled_event first, pooled_event last, std::shared_ptr<const clock_anchor> anchor)
      : context_(c), first_(std::move(first)), last_(std::move(last)), anchor_(std::move(anchor)) {}

  bool done() override;
  bool wait(std::chrono::nanoseconds deadline) override;
  std::optional<backend::span_ns> times() override;

  [[nodiscard]] CUevent native() const noexcept { return last_.get(); }
  [[nodiscard]] const context& where() const noexcept { return context_; }

 private:
  const context& context_;
  pooled_event first_, last_;
  std::shared_ptr<const clock_anchor> anchor_;
  std::atomic<bool> is_done_{false};
};

}  // namespace busfare::cuda
