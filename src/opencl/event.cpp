// Waiting for OpenCL events and reading their profiling counters.
#include "opencl/event.hpp"

#include <algorithm>
#include <thread>

namespace busfare::opencl {

std::int64_t profiled_ns(cl_event e, cl_profiling_info which) noexcept {
  cl_ulong value = 0;
  if (clGetEventProfilingInfo(e, which, sizeof value, &value, nullptr) != CL_SUCCESS) return 0;
  return value <= static_cast<cl_ulong>(INT64_MAX) ? static_cast<std::int64_t>(value) : 0;
}

void event::flush() { wall_.check(clFlush(queue_.get()), "clFlush"); }

bool event::done() {
  wall_.require_alive();
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
    flush();
    const cl_event e = last_.get();
    const cl_int code = clWaitForEvents(1, &e);
    if (code == CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST) {
      done();  // throws with the command's own code
      wall_.fail(code, "clWaitForEvents", "");
    }
    wall_.check(code, "clWaitForEvents");
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
