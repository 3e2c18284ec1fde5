// Waiting for events and reading their times.
#include "cuda/event.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

namespace busfare::cuda {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds spin{50};  // less than being woken takes

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now().time_since_epoch()).count();
}

// Nanoseconds from one finished event to another; false where the driver cannot tell.
bool between(const context& c, const pooled_event& from, const pooled_event& to, double& ns) {
  float milliseconds = 0;
  const CUresult code = c.calls().event_elapsed(&milliseconds, from.get(), to.get());
  c.errors().quietly(code, "cuEventElapsedTime");
  ns = static_cast<double>(milliseconds) * 1e6;
  return code == CUDA_SUCCESS && std::isfinite(ns);
}

}  // namespace

event_pool::~event_pool() {
  const current here(context_, std::nothrow);
  for (const CUevent e : idle_)
    if (here && !context_.errors().is_lost())
      context_.errors().quietly(context_.calls().cuEventDestroy_v2(e), "cuEventDestroy");
}

CUevent event_pool::take() {
  {
    const std::lock_guard lock(guard_);
    if (!idle_.empty()) {
      const CUevent e = idle_.back();
      idle_.pop_back();
      return e;
    }
  }
  CUevent made = nullptr;
  context_.errors().check(context_.calls().cuEventCreate(&made, CU_EVENT_BLOCKING_SYNC), "cuEventCreate");
  return made;
}

void event_pool::give(CUevent e) noexcept {
  try {
    const std::lock_guard lock(guard_);
    idle_.push_back(e);
  } catch (...) {  // no memory for the list
    if (const current here(context_, std::nothrow); here)
      context_.errors().quietly(context_.calls().cuEventDestroy_v2(e), "cuEventDestroy");
  }
}

void pooled_event::record(CUstream s) const {
  const context& c = pool_->where();
  c.errors().check(c.calls().cuEventRecord(native_, s), "cuEventRecord");
}

bool pooled_event::is_done() const {
  const context& c = pool_->where();
  c.errors().require_alive();
  const CUresult code = c.calls().cuEventQuery(native_);
  if (code == CUDA_ERROR_NOT_READY) return false;
  c.errors().check(code, "cuEventQuery", "while queued work ran");
  return true;
}

void pooled_event::await(std::uint64_t bytes) const {
  const clock::time_point begin = clock::now();
  do {
    if (is_done()) return;
    std::this_thread::yield();
  } while (clock::now() - begin < spin);
  const context& c = pool_->where();
  const CUresult code = finish(c, native_);
  if (code == CUDA_ERROR_TIMEOUT) c.errors().fail_hung("cuEventSynchronize", bytes);
  c.errors().check(code, "cuEventSynchronize", "while queued work ran");
}

device_clock::device_clock(event_pool& pool) : pool_(pool), stream_(pool.where()) {
  const current here(pool.where());
  latest_ = measure(4);
}

// The event's own time lies between two looks at the host's clock; the tightest of the pairs is taken, at its
// middle.
std::shared_ptr<const clock_anchor> device_clock::measure(int looks) {
  std::shared_ptr<const clock_anchor> best;
  std::int64_t tightest = INT64_MAX;
  for (int i = 0; i < looks; ++i) {
    auto a = std::make_shared<clock_anchor>();
    a->at = pooled_event(pool_);
    const std::int64_t before = steady_ns();
    a->at.record(stream_.get());
    a->at.await();
    const std::int64_t after = steady_ns();
    a->host_ns = before + (after - before) / 2;
    if (after - before >= tightest) continue;
    tightest = after - before;
    best = std::move(a);
  }
  return best;
}

std::shared_ptr<const clock_anchor> device_clock::anchor() {
  const std::lock_guard lock(guard_);
  if (steady_ns() - latest_->host_ns > 1'000'000'000) latest_ = measure(2);
  return latest_;
}

bool event::done() {
  if (is_done_.load(std::memory_order_acquire)) return true;
  const current here(context_);
  if (!last_.is_done()) return false;
  is_done_.store(true, std::memory_order_release);
  return true;
}

bool event::wait(std::chrono::nanoseconds deadline) {
  if (done()) return true;
  if (deadline == std::chrono::nanoseconds::max()) {
    const current here(context_);
    last_.await();
    is_done_.store(true, std::memory_order_release);
    return true;
  }
  // CUDA has no wait with a deadline. The naps grow with the time already spent, so that a short kernel is
  // seen early and a long one costs few looks.
  const clock::time_point begin = clock::now();
  for (;;) {
    const std::chrono::nanoseconds spent = clock::now() - begin;
    if (spent >= deadline) return done();
    if (spent < spin) {
      std::this_thread::yield();
    } else {
      const std::chrono::nanoseconds nap = std::clamp<std::chrono::nanoseconds>(
          spent / 8, std::chrono::microseconds(5), std::chrono::microseconds(500));
      std::this_thread::sleep_for(std::min(nap, deadline - spent));
    }
    if (done()) return true;
  }
}

std::optional<backend::span_ns> event::times() {
  if (!first_ || !anchor_ || !is_done_.load(std::memory_order_acquire)) return std::nullopt;
  const current here(context_, std::nothrow);
  double since_anchor = 0, duration = 0;
  if (!here || !between(context_, anchor_->at, last_, since_anchor) ||
      !between(context_, first_, last_, duration) || duration < 0)
    return std::nullopt;
  const std::int64_t end = anchor_->host_ns + static_cast<std::int64_t>(since_anchor);
  return backend::span_ns{end - static_cast<std::int64_t>(duration), end};
}

}  // namespace busfare::cuda
