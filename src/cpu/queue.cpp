// The cpu's queue: runs everything before the call returns.
#include "cpu/queue.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <busfare/error.hpp>

#include "cpu/event.hpp"
#include "cpu/executable.hpp"
#include "pool/thread_pool.hpp"

namespace busfare::cpu {

namespace {

std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Where the host finds a block, also one that another device made.
std::byte* host_address(const backend::block& b) noexcept {
  const bool foreign = b.kind == backend::memory_kind::pinned || b.kind == backend::memory_kind::mapped;
  void* p = foreign && b.host != nullptr ? b.host : b.handle;
  return p == nullptr ? nullptr : static_cast<std::byte*>(p) + b.offset;
}

constexpr std::size_t copy_alone = std::size_t{2}
                                   << 20;  // below it a second thread costs more than it brings
constexpr std::size_t copy_unit = std::size_t{1} << 20;

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  const bool overlap = to < from + bytes && from < to + bytes;
  pool::thread_pool* pool = nullptr;
  if (overlap || bytes < copy_alone || (pool = &pool::thread_pool::shared())->threads() == 1) {
    std::memmove(to, from, bytes);
    return;
  }
  const std::size_t most = 4 * std::size_t{pool->threads()};
  const std::size_t part = ((bytes - 1) / most / copy_unit + 1) * copy_unit;
  pool->for_each_part(static_cast<std::int64_t>((bytes - 1) / part + 1), [&](std::int64_t i) {
    const std::size_t at = static_cast<std::size_t>(i) * part;
    std::memcpy(to + at, from + at, std::min(part, bytes - at));
  });
}

}  // namespace

void queue::begin() noexcept {
  if (span_) return;
  const std::int64_t t = now_ns();
  span_ = backend::span_ns{t, t};
}

void queue::end() noexcept { span_->end = now_ns(); }

void queue::copy(const backend::block& to, const backend::block& from, std::size_t bytes) {
  std::byte* const target = host_address(to);
  const std::byte* const source = host_address(from);
  if (bytes == 0 || target == source) return;  // the host computes in the host's memory: nothing to fence
  if (target == nullptr || source == nullptr) {
    error::details d;
    d.device = "cpu";
    throw error(error_class::internal,
                "copy of " + std::to_string(bytes) + " bytes with a null " + (target ? "source" : "target"),
                std::move(d));
  }
  begin();
  copy_bytes(target, source, bytes);
  end();
}

void queue::run(backend::executable& what, const backend::launch& how) {
  begin();
  static_cast<executable&>(what).run(how);
  end();
}

void queue::run_now(backend::executable& what, const backend::launch& how) {
  static_cast<executable&>(what).run(how);
}

void queue::wait_for(backend::event& e) {
  while (!e.wait(std::chrono::seconds(1))) {
  }
}

std::unique_ptr<backend::event> queue::mark() {
  auto e = std::make_unique<event>(span_);
  span_.reset();
  return e;
}

void queue::flush() {}

void* queue::native() { return nullptr; }

}  // namespace busfare::cpu
