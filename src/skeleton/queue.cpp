// The skeleton's queue.
#include "skeleton/queue.hpp"

#include <chrono>
#include <cstdint>
#include <cstring>

#include <busfare/error.hpp>

#include "skeleton/event.hpp"
#include "skeleton/executable.hpp"

namespace busfare::skeleton {

namespace {

std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// `handle` is the address for pageable memory and for ours; other kinds of host memory carry it in `host`.
std::byte* address(const backend::block& b) noexcept {
  return static_cast<std::byte*>(b.host != nullptr ? b.host : b.handle) + b.offset;
}

}  // namespace

// A backend may return before the copy is done; core keeps both sides alive until a later event is.
void queue::copy(const backend::block& to, const backend::block& from, std::size_t bytes) {
  const std::int64_t start = now_ns();
  if (bytes != 0) std::memmove(address(to), address(from), bytes);
  if (!since_mark_) since_mark_ = backend::span_ns{start, start};
  since_mark_->end = now_ns();
}

void queue::run(backend::executable& what, const backend::launch& how) {
  static_cast<executable&>(what).run(how);
}

void queue::wait_for(backend::event& e) {
  while (!e.wait(std::chrono::seconds(1))) {
  }
}

std::unique_ptr<backend::event> queue::mark() {
  auto e = std::make_unique<event>(since_mark_);
  since_mark_.reset();
  return e;
}

}  // namespace busfare::skeleton
