// A queue of a simulated device: see queue.hpp.
#include "sim/queue.hpp"

#include <chrono>
#include <cstring>
#include <string>

#include <busfare/error.hpp>

#include "model/kernel_time.hpp"
#include "sim/event.hpp"
#include "sim/executable.hpp"

namespace busfare::sim {

namespace {

std::byte* address(const backend::block& b) noexcept {
  void* p = b.kind != backend::memory_kind::device && b.host != nullptr ? b.host : b.handle;
  return p == nullptr ? nullptr : static_cast<std::byte*>(p) + b.offset;
}

bool on_device(const backend::block& b) noexcept { return b.kind == backend::memory_kind::device; }

const char* memory_word(const backend::block& host) noexcept {
  return host.kind == backend::memory_kind::pageable ? "pageable" : "pinned";
}

}  // namespace

queue::~queue() {
  if (last_ >= 0) clock_->unpin(last_);
  if (first_ >= 0) clock_->unpin(first_);
}

// Pins keep the clock from forgetting what this queue still refers to.
void queue::queued(model::task_id task) {
  clock_->pin(task);
  if (last_ >= 0) clock_->unpin(last_);
  last_ = task;
  if (first_ < 0) {
    clock_->pin(task);
    first_ = task;
  }
  after_.assign(1, task);
}

void queue::copy(const backend::block& to, const backend::block& from, std::size_t bytes) {
  const auto fits = [bytes](const backend::block& b) { return bytes <= b.bytes || b.bytes == 0; };
  std::byte* const target = address(to);
  const std::byte* const source = address(from);
  if (bytes > 0 && (target == nullptr || source == nullptr || !fits(to) || !fits(from))) {
    error::details d;
    d.device = profile_.device;
    throw error(error_class::internal,
                "copy of " + std::to_string(bytes) + " bytes between blocks of " +
                    std::to_string(from.bytes) + " and " + std::to_string(to.bytes) + " bytes",
                std::move(d));
  }
  if (bytes > 0 && target != source) std::memmove(target, source, bytes);
  if (on_device(to) && on_device(from)) {
    const double passes = 2.0 * static_cast<double>(bytes);  // a byte read and a byte written
    queued(clock_->kernel(passes / profile_.rates.bytes_per_second, after_));
  } else if (on_device(to)) {
    queued(clock_->copy(direction::upload, memory_word(from), bytes, after_));
  } else if (on_device(from)) {
    queued(clock_->copy(direction::download, memory_word(to), bytes, after_));
  }  // host to host: no work of this device
}

void queue::run(backend::executable& what, const backend::launch& how) {
  const executable& kernel = static_cast<executable&>(what);
  // The wrapped device computes on the host's memory.
  arguments_.assign(how.arguments.begin(), how.arguments.end());
  for (backend::argument& a : arguments_) {
    a.memory.kind = backend::memory_kind::mapped;
    if (a.memory.host == nullptr) a.memory.host = a.memory.handle;
  }
  backend::launch inner = how;
  inner.arguments = arguments_;
  inner_->run(kernel.inner(), inner);
  const std::unique_ptr<backend::event> end = inner_->mark();
  while (!end->wait(std::chrono::seconds(1))) {
  }
  const model::kernel_work work{how.flops > 0 ? how.flops : kernel.flops(),
                                how.bytes > 0 ? how.bytes : kernel.bytes(), how.count, kernel.f64()};
  queued(clock_->kernel(model::roofline_seconds(profile_.rates, work), after_));
}

void queue::wait_for(backend::event& e) {
  const auto* mine = dynamic_cast<event*>(&e);
  if (mine == nullptr) {
    error::details d;
    d.device = profile_.device;
    throw error(error_class::internal, "wait_for got an event of another device", std::move(d));
  }
  if (mine->last() >= 0) after_.push_back(mine->last());
}

std::unique_ptr<backend::event> queue::mark() {
  auto made = std::make_unique<event>(clock_, first_, last_);
  if (first_ >= 0) clock_->unpin(first_);
  first_ = -1;
  return made;
}

}  // namespace busfare::sim
