// Copies, launches and marks on one stream.
#include "cuda/queue.hpp"

#include <cstring>
#include <functional>

#include "cuda/executable.hpp"

namespace busfare::cuda {

namespace {

using backend::block;
using backend::memory_kind;

CUdeviceptr device_address(const block& b) { return reinterpret_cast<std::uintptr_t>(b.handle) + b.offset; }

std::byte* host_address(const block& b) {
  void* base = b.kind == memory_kind::pageable ? b.handle : b.host;
  return static_cast<std::byte*>(base) + b.offset;
}

// Is `host` the memory that `mapped` is made of?
bool names_host_side(const block& host, const block& mapped) {
  if (host.kind != memory_kind::pageable || mapped.kind != memory_kind::mapped || mapped.host == nullptr)
    return false;
  const std::byte* at = host_address(host);
  const auto* base = static_cast<const std::byte*>(mapped.host);
  const std::less<const std::byte*> before;
  return !before(at, base) && before(at, base + mapped.bytes);
}

// The device's coherent view makes each launch and each completion a fence already.
bool is_fence(const block& to, const block& from) {
  return names_host_side(from, to) || names_host_side(to, from) ||
         (to.kind == memory_kind::mapped && from.kind == memory_kind::mapped && to.handle == from.handle &&
          to.offset == from.offset);
}

}  // namespace

queue::queue(const backend::services& core, event_pool& events, device_clock& clock, memory& m)
    : context_(events.where()),
      events_(events),
      clock_(clock),
      stream_(context_),
      staging_(core, events, m) {}

// After an error nobody holds a mark of what was queued: it must not run on while its memory is reused.
void queue::drain() noexcept {
  if (const current here(context_, std::nothrow); here)
    context_.errors().quietly(finish(context_, stream_.get()), "cuStreamSynchronize");
}

template <class Call> auto queue::whole_or_nothing(const Call& call) {
  try {
    const current here(context_);
    return call();
  } catch (...) {
    drain();
    throw;
  }
}

void queue::begin() {
  if (first_) return;
  pooled_event e(events_);
  e.record(stream_.get());
  first_ = std::move(e);
}

void queue::transfer(const block& to, const block& from, std::size_t bytes) {
  const driver& call = context_.calls();
  const wall& w = context_.errors();
  begin();
  if (is_fence(to, from)) return;
  const bool to_device = to.kind == memory_kind::device, from_device = from.kind == memory_kind::device;
  if (to_device && from_device) {
    w.check(call.cuMemcpyDtoDAsync_v2(device_address(to), device_address(from), bytes, stream_.get()),
            "cuMemcpyDtoDAsync", std::uint64_t{bytes});
  } else if (to_device && from.kind == memory_kind::pinned) {
    w.check(call.cuMemcpyHtoDAsync_v2(device_address(to), host_address(from), bytes, stream_.get()),
            "cuMemcpyHtoDAsync", std::uint64_t{bytes});
  } else if (from_device && to.kind == memory_kind::pinned) {
    w.check(call.cuMemcpyDtoHAsync_v2(host_address(to), device_address(from), bytes, stream_.get()),
            "cuMemcpyDtoHAsync", std::uint64_t{bytes});
  } else if (to_device) {
    staging_.upload(stream_.get(), device_address(to), host_address(from), bytes);
  } else if (from_device) {
    staging_.download(stream_.get(), host_address(to), device_address(from), bytes);
  } else {
    // Both in host memory: in order with the queue, by the host.
    const pooled_event before(events_);
    before.record(stream_.get());
    before.await(bytes);
    std::memmove(host_address(to), host_address(from), bytes);
  }
}

void queue::copy(const block& to, const block& from, std::size_t bytes) {
  context_.errors().require_alive();
  if (bytes == 0) return;
  const auto holds = [bytes](const block& b) { return bytes <= b.bytes && b.offset <= b.bytes - bytes; };
  // Pageable blocks may name a bare address without a length.
  if ((to.kind != memory_kind::pageable && !holds(to)) ||
      (from.kind != memory_kind::pageable && !holds(from)))
    context_.errors().refuse(error_class::invalid_argument,
                             "a copy of " + std::to_string(bytes) + " bytes is larger than one of its sides");
  whole_or_nothing([&] { transfer(to, from, bytes); });
}

void queue::run(backend::executable& what, const backend::launch& how) {
  context_.errors().require_alive();
  auto* kernel = dynamic_cast<executable*>(&what);
  if (kernel == nullptr)
    context_.errors().refuse(error_class::invalid_argument,
                             "an executable of another backend was given to this queue");
  if (how.count == 0) return;
  whole_or_nothing([&] {
    begin();
    kernel->launch(stream_.get(), how);
  });
}

void queue::wait_for(backend::event& e) {
  context_.errors().require_alive();
  auto* mine = dynamic_cast<event*>(&e);
  if (mine == nullptr || &mine->where() != &context_) {  // of another device: the host waits in its place
    e.wait(std::chrono::nanoseconds::max());
    return;
  }
  whole_or_nothing([&] {
    context_.errors().check(context_.calls().cuStreamWaitEvent(stream_.get(), mine->native(), 0),
                            "cuStreamWaitEvent");
  });
}

std::unique_ptr<backend::event> queue::mark() {
  context_.errors().require_alive();
  return whole_or_nothing([&]() -> std::unique_ptr<backend::event> {
    pooled_event last(events_);
    last.record(stream_.get());
    return std::make_unique<event>(context_, std::exchange(first_, {}), std::move(last), clock_.anchor());
  });
}

}  // namespace busfare::cuda
