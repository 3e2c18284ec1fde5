// write, overwrite and leases. A reader recorded before a write holds the state of its version, so a write
// never changes what others see: it takes the buffer over when nobody else holds the state, else it copies.
#include "core/versions.hpp"

#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>

#include "core/devices.hpp"
#include "core/host_memory.hpp"
#include "core/prefetch.hpp"
#include "core/residency.hpp"

namespace busfare::core {
namespace {

struct closing {
  std::mutex lock;
  std::condition_variable closed;
};
closing& views() {
  static auto* const v = new closing;  // views may close while the process ends
  return *v;
}

[[noreturn]] void throw_conflict(const detail::array_state& a, const std::string& cause) {
  error::details d;
  d.line = a.written;
  d.hint = "let the write view go first (leave its scope); other threads would wait for it";
  throw error(error_class::invalid_argument,
              cause + " needs " + described(a) + ", whose write view this thread still holds", d);
}

// The run lock is held once, or by the measuring of a device, whose arrays no user can hold a view of.
void wait_until_closed(const detail::array_handle& a, const std::string& cause) {
  if (a->writer == std::this_thread::get_id()) throw_conflict(*a, cause);
  run_lock().unlock();
  {
    std::unique_lock hold(views().lock);
    views().closed.wait(hold, [&] { return !a->open.load(std::memory_order_acquire); });
  }
  run_lock().lock();
}

const detail::array_handle* first_open(std::span<const detail::array_handle> list) {
  for (const detail::array_handle& a : list)
    if (a->open.load(std::memory_order_acquire)) return &a;
  return nullptr;
}

// Replicas of a version that ends here. Those in place use the host memory that is about to change hands.
void drop_replicas(detail::array_state& a) {
  for (const replica& r : a.replicas) {
    give_replica(*device_list::shared().slots()[static_cast<std::size_t>(r.device)], r);
  }
  a.replicas.clear();
}

// Dropping a copy takes part in the count's order of release and acquire: what the last other owner did in
// its thread has happened before. use_count alone promises nothing of the kind.
template <class T> bool sole_owner(const std::shared_ptr<T>& p) {
  std::shared_ptr<T>(p).reset();
  return p.use_count() == 1;
}

std::shared_ptr<void> host_room(std::size_t bytes) { return {host_alloc(bytes), host_free}; }

}  // namespace

write_counts& writes() {
  static write_counts c;
  return c;
}

std::string described(const detail::array_state& a) {
  std::string s = "the array of " + at_line(a.line);
  if (a.version > 1) {
    s += ", written at " + at_line(a.written) + " (version " + std::to_string(a.version) +
         (a.taken_over ? ", its buffer taken over)" : ", in a new buffer)");
  }
  return s;
}

cone collect_closed(std::span<const detail::array_handle> wanted, const std::string& cause) {
  for (;;) {
    cone c = collect(wanted);
    const detail::array_handle* open = first_open(wanted);
    if (open == nullptr) open = first_open(c.existing);
    if (open == nullptr) return c;
    const detail::array_handle a = *open;
    c = {};
    wait_until_closed(a, cause);
  }
}

}  // namespace busfare::core

namespace busfare::detail {

void* open_version(array_handle& mine, bool fetch, source_line line) {
  using namespace core;
  const std::string cause = (fetch ? "write at " : "overwrite at ") + at_line(line);
  if (fetch) host_of(mine, line);
  std::scoped_lock hold(run_lock());
  while (mine->open.load(std::memory_order_acquire)) wait_until_closed(mine, cause);
  const bool alone = sole_owner(mine) && !mine->borrowed.load(std::memory_order_relaxed);
  auto next = std::make_shared<array_state>(mine->element, mine->shape, mine->line);
  next->version = mine->version + 1;
  next->written = line;
  next->writer = std::this_thread::get_id();
  if (alone) {
    drop_replicas(*mine);
    // Memory that the caller shares (adopt of a shared_ptr, a device's pending release) stays as it is.
    if (mine->host && sole_owner(mine->host)) {
      next->host = std::move(mine->host);
      next->taken_over = true;
    }
  }
  if (!next->host) {
    const std::shared_ptr<void> room = host_room(next->bytes);
    if (fetch && next->bytes != 0) std::memcpy(room.get(), mine->host.get(), next->bytes);
    next->host = room;
  }
  ++(next->taken_over ? writes().taken_over : writes().copied);
  next->open.store(true, std::memory_order_release);
  mine = std::move(next);
  return const_cast<void*>(mine->host.get());
}

void close_version(const array_handle& written) noexcept {
  {
    std::scoped_lock hold(core::views().lock);
    written->on_host.store(true, std::memory_order_release);
    written->open.store(false, std::memory_order_release);
  }
  core::views().closed.notify_all();
}

array_handle array_borrowed(const void* from, extents shape, type t, source_line line) {
  array_handle a = array_from(std::shared_ptr<const void>(std::shared_ptr<void>(), from), shape, t, line);
  a->borrowed.store(true, std::memory_order_release);
  return a;
}

// Whoever runs holds the run lock, so nothing reads the caller's memory once it is ours here.
void end_lease(array_handle& a) noexcept {
  using namespace core;
  std::scoped_lock hold(run_lock());
  settle_prefetches(true);  // an upload may still read the caller's memory
  std::erase_if(a->replicas, [](const replica& r) {
    if (!r.adopted) return false;
    device_list::shared().slots()[static_cast<std::size_t>(r.device)]->device->release(r.memory);
    return true;
  });
  if (a.use_count() != 1) {
    try {
      const std::shared_ptr<void> room = host_room(a->bytes);
      if (a->bytes != 0) std::memcpy(room.get(), a->host.get(), a->bytes);
      a->host = room;
    } catch (const std::exception&) {
      a->lost = true;
      a->on_host.store(false, std::memory_order_release);
      a->host.reset();
    }
  } else {
    a->host.reset();
    a->on_host.store(false, std::memory_order_release);
  }
  a->borrowed.store(false, std::memory_order_release);
  a.reset();
}

}  // namespace busfare::detail
