// Waiting for OpenCL events and reading their profiling counters.
#include "opencl/event.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace busfare::opencl {

std::int64_t profiled_ns(cl_event e, cl_profiling_info which) noexcept {
  cl_ulong value = 0;
  if (clGetEventProfilingInfo(e, which, sizeof value, &value, nullptr) != CL_SUCCESS) return 0;
  return value <= static_cast<cl_ulong>(INT64_MAX) ? static_cast<std::int64_t>(value) : 0;
}

namespace {

// What the driver's thread tells. It outlives a waiter that gave up.
struct told {
  std::mutex lock;
  std::condition_variable changed;
  bool is_over = false;
};

void CL_CALLBACK tell(cl_event, cl_int, void* to) {
  const std::unique_ptr<std::shared_ptr<told>> mine(static_cast<std::shared_ptr<told>*>(to));
  {
    const std::lock_guard hold((*mine)->lock);
    (*mine)->is_over = true;
  }
  (*mine)->changed.notify_all();
}

}  // namespace

cl_int ended(const wall& w, cl_command_queue queue, cl_event e) noexcept {
  cl_int code = clFlush(queue);
  if (code != CL_SUCCESS) return code;
  if (w.longest_wait().count() == 0) return clWaitForEvents(1, &e);
  try {
    const auto state = std::make_shared<told>();
    auto handed = std::make_unique<std::shared_ptr<told>>(state);
    code = clSetEventCallback(e, CL_COMPLETE, tell, handed.get());
    if (code != CL_SUCCESS) return code;
    static_cast<void>(handed.release());  // the callback's
    std::unique_lock hold(state->lock);
    if (!state->changed.wait_for(hold, w.longest_wait(), [&] { return state->is_over; })) {
      w.hung("clWaitForEvents");
      return hung_code;
    }
  } catch (...) {
    return CL_OUT_OF_HOST_MEMORY;
  }
  return clWaitForEvents(1, &e);  // over: gives its code
}

cl_int finish(const wall& w, cl_command_queue queue) noexcept {
  if (w.longest_wait().count() == 0) return clFinish(queue);
  cl_event raw = nullptr;
  const cl_int code = clEnqueueMarkerWithWaitList(queue, 0, nullptr, &raw);
  if (code != CL_SUCCESS) return code;
  const event_handle marker(raw);
  return ended(w, queue, raw);
}

void await(const wall& w, cl_command_queue queue, cl_event e, std::uint64_t bytes) {
  const cl_int code = ended(w, queue, e);
  if (code == hung_code) w.fail_hung("clWaitForEvents", bytes);
  if (code == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) {
    cl_int own = code;
    clGetEventInfo(e, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof own, &own, nullptr);
    if (own < 0) w.fail(own, "a queued command", "while it ran");
  }
  w.check(code, "clWaitForEvents");
}

void event::flush() { wall_.check(clFlush(queue_.get()), "clFlush"); }

bool event::done() {
  wall_.require_alive();
  if (wall_.runs_in_waits()) await(wall_, queue_.get(), last_.get());
  cl_int status = CL_QUEUED;
  wall_.check(clGetEventInfo(last_.get(), CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, nullptr),
              "clGetEventInfo");
  if (status < 0) wall_.fail(status, "a queued command", "while it ran");
  if (status == CL_QUEUED) flush();  // else nobody might ever start it
  return status == CL_COMPLETE;
}

bool event::wait(std::chrono::nanoseconds deadline) {
  if (done()) return true;
  if (deadline == std::chrono::nanoseconds::max()) {
    await(wall_, queue_.get(), last_.get());
    return true;
  }
  // OpenCL has no wait with a deadline. The naps grow with the time already spent, so that a short command is
  // seen early and a long one costs few looks; a CPU behind OpenCL keeps its cores meanwhile.
  using clock = std::chrono::steady_clock;
  const clock::time_point begin = clock::now();
  for (;;) {
    const std::chrono::nanoseconds spent = clock::now() - begin;
    if (spent >= deadline) return done();
    if (spent < std::chrono::microseconds(20)) {
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
  if (!first_ || !has_clock_) return std::nullopt;
  const std::int64_t start = profiled_ns(first_.get(), CL_PROFILING_COMMAND_START);
  const std::int64_t end = profiled_ns(last_.get(), CL_PROFILING_COMMAND_END);
  if (start == 0 || end < start) return std::nullopt;  // a driver that cannot tell
  return backend::span_ns{start + clock_offset_, end + clock_offset_};
}

}  // namespace busfare::opencl
