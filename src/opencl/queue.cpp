// Copies, fences, launches and marks on one OpenCL command queue.
#include "opencl/queue.hpp"

#include <chrono>
#include <cstring>
#include <functional>

#include "opencl/event.hpp"
#include "opencl/executable.hpp"

namespace busfare::opencl {

namespace {

using backend::block;
using backend::memory_kind;

std::byte* host_address(const block& b) {
  void* base = b.kind == memory_kind::pageable ? b.handle : b.host;
  return static_cast<std::byte*>(base) + b.offset;
}

cl_mem buffer_of(const block& b) { return static_cast<cl_mem>(b.handle); }

// Is `host` the memory that `mapped` is made of?
bool names_host_side(const block& host, const block& mapped) {
  if (host.kind != memory_kind::pageable || mapped.kind != memory_kind::mapped || mapped.host == nullptr)
    return false;
  const std::byte* at = host_address(host);
  const auto* base = static_cast<const std::byte*>(mapped.host);
  const std::less<const std::byte*> before;
  return !before(at, base) && before(at, base + mapped.bytes);
}

std::int64_t steady_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

queue_handle make_queue(const wall& w, cl_context context, cl_device_id device) {
  cl_int code = CL_SUCCESS;
  queue_handle q(clCreateCommandQueue(context, device, CL_QUEUE_PROFILING_ENABLE, &code));
  w.check(code, "clCreateCommandQueue");
  return q;
}

queue::queue(const wall& w, memory_table& memory, cl_context context, cl_device_id device)
    : wall_(w), memory_(memory), queue_(make_queue(w, context, device)) {
  measure_clock(context);
}

// The device's counter at the end of a command lies between two looks at the host's clock; the tightest of
// four pairs is taken, at its middle.
void queue::measure_clock(cl_context context) {
  cl_int code = CL_SUCCESS;
  const std::uint32_t word = 0;
  const memory_handle scratch(clCreateBuffer(context, CL_MEM_READ_WRITE, 64, nullptr, &code));
  wall_.check(code, "clCreateBuffer", std::uint64_t{64});
  std::int64_t tightest = INT64_MAX;
  for (int i = 0; i < 4; ++i) {
    cl_event raw = nullptr;
    const std::int64_t before = steady_ns();
    wall_.check(
        clEnqueueWriteBuffer(queue_.get(), scratch.get(), CL_TRUE, 0, sizeof word, &word, 0, nullptr, &raw),
        "clEnqueueWriteBuffer");
    const std::int64_t after = steady_ns();
    const event_handle e(raw);
    const std::int64_t start = profiled_ns(raw, CL_PROFILING_COMMAND_START);
    const std::int64_t end = profiled_ns(raw, CL_PROFILING_COMMAND_END);
    if (start == 0 || end < start || after - before >= tightest) continue;
    tightest = after - before;
    clock_offset_ = before + (after - before) / 2 - (start + (end - start) / 2);
    has_clock_ = true;
  }
}

void queue::track(cl_event e) noexcept {
  if (e == nullptr) return;
  last_ = event_handle(e);
  if (!first_) first_ = last_;
}

void queue::settle(const block& b) {
  if (b.kind != memory_kind::mapped) return;
  cl_event e = nullptr;
  memory_.settle(queue_.get(), buffer_of(b), &e);
  track(e);
}

// True where both sides were one mapped memory.
bool queue::fence(const block& to, const block& from) {
  cl_event e = nullptr;
  if (names_host_side(from, to)) {
    memory_.to_device(queue_.get(), buffer_of(to), &e);
  } else if (names_host_side(to, from)) {
    memory_.to_host(queue_.get(), buffer_of(from), &e);
  } else if (to.kind == memory_kind::mapped && from.kind == memory_kind::mapped && to.handle == from.handle) {
    memory_.settle(queue_.get(), buffer_of(to), &e);  // no direction was named: both
    track(e);
    e = nullptr;
    memory_.to_host(queue_.get(), buffer_of(to), &e);
  } else {
    return false;
  }
  track(e);
  return true;
}

void queue::copy(const block& to, const block& from, std::size_t bytes) {
  wall_.require_alive();
  if (bytes == 0) return;
  const auto holds = [bytes](const block& b) { return bytes <= b.bytes && b.offset <= b.bytes - bytes; };
  // Pageable blocks may name a bare address without a length.
  if ((to.kind != memory_kind::pageable && !holds(to)) ||
      (from.kind != memory_kind::pageable && !holds(from)))
    wall_.refuse(error_class::invalid_argument,
                 "a copy of " + std::to_string(bytes) + " bytes is larger than one of its sides");
  if (fence(to, from)) return;

  const auto on_device = [](const block& b) {
    return b.kind == memory_kind::device || b.kind == memory_kind::mapped;
  };
  settle(to);
  settle(from);
  cl_event e = nullptr;
  if (on_device(to) && on_device(from)) {
    wall_.check(clEnqueueCopyBuffer(queue_.get(), buffer_of(from), buffer_of(to), from.offset, to.offset,
                                    bytes, 0, nullptr, &e),
                "clEnqueueCopyBuffer", std::uint64_t{bytes});
  } else if (on_device(to)) {
    wall_.check(clEnqueueWriteBuffer(queue_.get(), buffer_of(to), CL_FALSE, to.offset, bytes,
                                     host_address(from), 0, nullptr, &e),
                "clEnqueueWriteBuffer", std::uint64_t{bytes});
  } else if (on_device(from)) {
    wall_.check(clEnqueueReadBuffer(queue_.get(), buffer_of(from), CL_FALSE, from.offset, bytes,
                                    host_address(to), 0, nullptr, &e),
                "clEnqueueReadBuffer", std::uint64_t{bytes});
  } else {
    // Both in host memory: in order with the queue, by the host.
    const cl_int ended = finish(wall_, queue_.get());
    if (ended == hung_code) wall_.fail_hung("clFinish", bytes);
    wall_.check(ended, "clFinish");
    std::memmove(host_address(to), host_address(from), bytes);
  }
  track(e);
}

void queue::run(backend::executable& what, const backend::launch& how) {
  wall_.require_alive();
  auto* kernel = dynamic_cast<executable*>(&what);
  if (kernel == nullptr)
    wall_.refuse(error_class::invalid_argument, "an executable of another backend was given to this queue");
  if (how.count == 0) return;
  for (const backend::argument& a : how.arguments) settle(a.memory);
  kernel->bind(how);
  kernel->enqueue(
      queue_.get(), how, [](void* self, cl_event e) { static_cast<queue*>(self)->track(e); }, this);
}

void queue::wait_for(backend::event& e) {
  wall_.require_alive();
  auto* mine = dynamic_cast<event*>(&e);
  if (mine == nullptr) {  // not an OpenCL event: the host waits in the queue's place
    e.wait(std::chrono::nanoseconds::max());
    return;
  }
  mine->flush();  // else this queue might wait for something nobody was told to start
  const cl_event native = mine->native();
  wall_.check(clEnqueueBarrierWithWaitList(queue_.get(), 1, &native, nullptr),
              "clEnqueueBarrierWithWaitList");
}

std::unique_ptr<backend::event> queue::mark() {
  wall_.require_alive();
  event_handle last = last_;
  if (!last) {
    cl_event raw = nullptr;
    wall_.check(clEnqueueMarkerWithWaitList(queue_.get(), 0, nullptr, &raw), "clEnqueueMarkerWithWaitList");
    last = event_handle(raw);
  }
  auto made = std::make_unique<event>(wall_, queue_, first_, std::move(last), clock_offset_, has_clock_);
  first_ = {};
  last_ = {};
  return made;
}

void queue::flush() {
  wall_.require_alive();
  wall_.check(clFlush(queue_.get()), "clFlush");
}

}  // namespace busfare::opencl
