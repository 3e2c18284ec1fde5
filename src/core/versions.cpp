// write, overwrite and leases. A reader recorded before a write holds the state of its version, so a write
// never changes what others see: it takes the buffer over when nobody else holds the state, else it copies.
#include "core/versions.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>

#include "core/devices.hpp"
#include "core/host_memory.hpp"
#include "core/lent_memory.hpp"
#include "core/prefetch.hpp"
#include "core/residency.hpp"
#include "core/trace_record.hpp"

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

// Dropping a copy takes part in the count's order of release and acquire: what the last other owner did in
// its thread has happened before. use_count alone promises nothing of the kind.
template <class T> bool sole_owner(const std::shared_ptr<T>& p) {
  std::shared_ptr<T>(p).reset();
  return p.use_count() == 1;
}

std::shared_ptr<void> host_room(std::size_t bytes) { return {host_alloc(bytes), host_free}; }

// The lender takes device memory back: who still needs the contents finds them on the host.
void end_device_lease(const detail::array_handle& a) noexcept {
  const auto ours = [](const replica& r) { return !r.foreign; };
  const bool elsewhere =
      a->on_host.load(std::memory_order_acquire) || std::any_of(a->replicas.begin(), a->replicas.end(), ours);
  if (a.use_count() != 1 && !elsewhere) {
    run_log log;
    try {
      bring_home(a, described(*a) + ", whose lease ends,", log);
      busfare::trace of_log;
      log.settle(of_log);
      keep_trace(of_log, log.began);
    } catch (const std::exception&) {
      a->lost = true;
    }
  }
  std::erase_if(a->replicas, [](const replica& r) { return r.foreign; });
}

}  // namespace

void await_closed(const detail::array_handle& a, const std::string& cause) {
  while (a->open.load(std::memory_order_acquire)) wait_until_closed(a, cause);
}

detail::array_handle next_version(const detail::array_state& a, const source_line& line) {
  auto next = std::make_shared<detail::array_state>(a.element, a.shape, a.line);
  next->version = a.version + 1;
  next->written = line;
  next->writer = std::this_thread::get_id();
  next->open.store(true, std::memory_order_release);
  return next;
}

bool is_alone(const detail::array_handle& a) {
  return sole_owner(a) && !a->borrowed.load(std::memory_order_relaxed);
}

bool has_host_alone(const detail::array_state& a) { return a.host && sole_owner(a.host); }

// Those in place use the host memory that is about to change hands.
void drop_replicas(detail::array_state& a) {
  for (const replica& r : a.replicas)
    give_replica(*device_list::shared().slots()[static_cast<std::size_t>(r.device)], r);
  a.replicas.clear();
}

// Memory in place is the host's, and the user's memory is never written: both have to be made again.
void hand_on_replicas(detail::array_state& a, detail::array_state& next, byte_range part) {
  next.replicas.reserve(a.replicas.size());
  std::erase_if(a.replicas, [&](const replica& r) {
    if (r.adopted || r.foreign) return false;
    next.replicas.push_back(r);
    next.replicas.back().stale.add(part);
    return true;
  });
  drop_replicas(a);
}

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

namespace {

// `part`: all that will change; null: everything.
void* open_next(array_handle& mine, bool fetch, const core::byte_range* part, source_line line) {
  using namespace core;
  const std::string cause = (fetch ? "write at " : "overwrite at ") + at_line(line);
  if (fetch) host_of(mine, line);
  std::scoped_lock hold(run_lock());
  await_closed(mine, cause);
  settle_prefetches(false);  // one that is done holds the array no more
  array_handle next = next_version(*mine, line);
  if (is_alone(mine)) {
    if (part != nullptr)
      hand_on_replicas(*mine, *next, *part);
    else
      drop_replicas(*mine);
    // Memory that the caller shares (adopt of a shared_ptr, a device's pending release) stays as it is.
    if (has_host_alone(*mine)) {
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
  mine = std::move(next);
  return const_cast<void*>(mine->host.get());
}

}  // namespace

void* open_version(array_handle& mine, bool fetch, source_line line) {
  return open_next(mine, fetch, nullptr, line);
}

void* open_part(array_handle& mine, std::size_t first, std::size_t count, source_line line) {
  const std::size_t all = mine->shape.count(), size = size_of(mine->element);
  if (first > all || count > all - first) {
    error::details d;
    d.line = line;
    d.hint = "a part lies within its array; see array::size()";
    throw error(error_class::invalid_argument,
                "write_part wants " + std::to_string(count) + " elements from element " +
                    std::to_string(first) + " on, of " + std::to_string(all),
                d);
  }
  const core::byte_range part{first * size, (first + count) * size};
  return static_cast<std::byte*>(open_next(mine, true, &part, line)) + part.from;
}

void close_version(const array_handle& written, bool on_host) noexcept {
  {
    std::scoped_lock hold(core::views().lock);
    if (on_host) written->on_host.store(true, std::memory_order_release);
    written->open.store(false, std::memory_order_release);
  }
  core::views().closed.notify_all();
}

array_handle array_borrowed(const void* from, extents shape, type t, source_line line) {
  array_handle a = array_from(std::shared_ptr<const void>(std::shared_ptr<void>(), from), shape, t, line);
  core::lend(a.get(), from, a->bytes, line);
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
  if (std::any_of(a->replicas.begin(), a->replicas.end(), [](const replica& r) { return r.foreign; })) {
    end_device_lease(a);
  } else if (a.use_count() != 1) {
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
  take_back(a.get());
  a.reset();
}

}  // namespace busfare::detail
