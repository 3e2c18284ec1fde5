// Holds on device memory for code of the user's: pinning, new versions, and the order with the user's
// streams.
#include "core/native.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <busfare/native.hpp>

#include "core/executor.hpp"
#include "core/prefetch.hpp"
#include "core/residency.hpp"
#include "core/runtime.hpp"
#include "core/trace_record.hpp"
#include "core/versions.hpp"

namespace busfare {
namespace core {

device_slot& open_for_sharing(const std::string& device, const native_stream* stream,
                              const source_line& line) {
  device_slot& slot = device_list::shared().open_named(device, line);
  error::details d;
  d.device = slot.info.name;
  d.line = line;
  if (!slot.is_host() && slot.device->ids().api.empty()) {
    d.hint = "name \"cpu\", or a device that a vendor's driver runs; see `busfare devices`";
    throw error(error_class::invalid_argument,
                slot.info.name + " shares no memory or stream with other code: " +
                    (slot.info.virtual_clock ? "it is simulated" : "no driver stands behind it"),
                d);
  }
  if (slot.is_host() && stream != nullptr) {
    d.hint = "leave the stream away: memory of the host is complete when the call returns";
    throw error(error_class::invalid_argument, slot.info.name + " has no streams", d);
  }
  return slot;
}

namespace {

replica* find_replica(detail::array_state& a, const device_slot& slot) {
  for (replica& r : a.replicas)
    if (r.device == slot.index) return &r;
  return nullptr;
}

// The user's memory is never written, and memory in place only where the host's side of it is free as well.
bool can_take(const detail::array_state& a, const replica& r) {
  return !r.foreign && (!r.adopted || has_host_alone(a));
}

// All that was queued for the memory is complete for `stream`'s later work, or else when this returns.
std::vector<transfer> complete(device_slot& slot, std::unique_ptr<run_log>& log,
                               const native_stream* stream) {
  log->awaited.push_back(slot.compute->mark());  // which waits for the uploads
  slot.compute->flush();
  if (stream == nullptr) {
    busfare::trace of_log;
    log->settle(of_log);
    keep_trace(of_log, log->began);
    log->release();
    return std::move(log->transfers);
  }
  slot.upload->flush();
  slot.device->wait_on(stream->handle, *log->awaited.back());
  std::vector<transfer> brought = log->transfers;
  keep_until_done(std::move(log));
  return brought;
}

}  // namespace
}  // namespace core

namespace detail {

struct native_access {
  using held = native_hold::held;
  static native_hold hold(held h) { return native_hold(std::move(h)); }

  static held make(const array_handle& a, const core::device_slot& slot, native_use use) {
    held h;
    h.array = a;
    h.slot = slot.index;
    h.writing = use != native_use::read;
    h.size = a->shape.count();
    h.bytes = a->bytes;
    h.device = slot.info.name;
    return h;
  }

  /// On the host, and wherever the array has no elements. The run lock is not held: others may have to write
  /// first.
  static held on_host(array_handle& mine, native_use use, const core::device_slot& slot, source_line line) {
    void* const at = use == native_use::read ? const_cast<void*>(host_of(mine, line))
                                             : open_version(mine, use == native_use::write, line);
    held h = make(mine, slot, use);
    h.handle = h.bytes != 0 ? at : nullptr;
    h.in_host_memory = true;
    return h;
  }

  static void compute(const array_handle& a, const std::string& cause) {
    if (a->producer || a->open.load(std::memory_order_acquire)) core::execute({&a, 1}, false, cause);
  }

  /// The run lock is held, once.
  static held reading(const array_handle& a, core::device_slot& slot, const native_stream* stream,
                      source_line line) {
    using namespace core;
    compute(a, "native at " + at_line(line));
    const std::string cause = described(*a) + ", held at " + at_line(line) + ",";
    held h = make(a, slot, native_use::read);
    auto log = std::make_unique<run_log>();
    try {
      const backend::block at = bring_to(slot, a, cause, *log, memory_reader::user_code);
      // The host's side of memory in place first: its fence must not fall into the caller's work.
      if (find_replica(*a, slot)->adopted) bring_home(a, cause, *log);
      h.handle = slot.device->native_memory(at);
      h.transfers = complete(slot, log, stream);
    } catch (...) {
      give_up(log);
      throw;
    }
    return h;
  }

  /// The run lock is held, once.
  static held writing(array_handle& mine, native_use use, core::device_slot& slot,
                      const native_stream* stream, source_line line) {
    using namespace core;
    const bool fetch = use == native_use::write;
    const std::string what = (fetch ? "native_write at " : "native_overwrite at ") + at_line(line);
    if (fetch) compute(mine, what);
    await_closed(mine, what);
    const bool alone = is_alone(mine);
    auto log = std::make_unique<run_log>();
    try {
      if (fetch)
        bring_to(slot, mine, described(*mine) + ", held at " + at_line(line) + ",", *log,
                 memory_reader::user_code);
      const replica* const old = find_replica(*mine, slot);
      const bool take =
          alone && old != nullptr && can_take(*mine, *old) &&
          (!old->adopted || shared_in_place(slot, mine->host.get(), mine->bytes, memory_reader::user_code));
      const array_handle next = next_version(*mine, line);
      next->replicas.reserve(1);
      if (!take) log->held.push_back(next);
      const backend::block at = take ? old->memory : make_room(slot, next);
      if (fetch && !take) slot.compute->copy(at, old->memory, mine->bytes);
      held h = make(next, slot, use);
      h.handle = slot.device->native_memory(at);
      h.transfers = complete(slot, log, stream);
      // From here on nothing fails.
      if (take) {
        next->taken_over = true;
        next->replicas.push_back(*old);
        next->replicas.back().stale = {};
        if (old->adopted) next->host = std::move(mine->host);
        std::erase_if(mine->replicas, [&](const replica& r) { return r.device == slot.index; });
        drop_replicas(*mine);
      }
      ++(take ? writes().taken_over : writes().copied);
      mine = next;
      return h;
    } catch (...) {
      give_up(log);
      throw;
    }
  }

  static void give_up(const std::unique_ptr<core::run_log>& log) {
    if (!log) return;
    log->release();
    log->disown();
  }

  static void end(held& h) {
    if (!h.array) return;
    struct closing {
      array_handle a;
      bool writing, on_host;
      ~closing() {
        if (writing) close_version(a, on_host);
      }
    } const close{std::exchange(h.array, nullptr), h.writing, h.in_host_memory};
    if (!h.stream) return;
    using namespace core;
    std::scoped_lock hold(run_lock());
    device_slot& slot = *device_list::shared().slots()[static_cast<std::size_t>(h.slot)];
    auto log = std::make_unique<run_log>();
    log->held.push_back(close.a);
    log->awaited.push_back(slot.device->mark_on(h.stream->handle));
    slot.compute->wait_for(*log->awaited.back());
    keep_until_done(std::move(log));
  }
};

native_hold hold_native(array_handle& mine, native_use use, const std::string& device,
                        const native_stream* stream, source_line line) {
  using namespace core;
  using access = native_access;
  const device_slot* where = nullptr;
  std::string api = "host";
  {
    std::scoped_lock hold(run_lock());
    device_slot& slot = open_for_sharing(device, stream, line);
    where = &slot;
    if (!slot.is_host()) api = slot.device->ids().api;
    if (!slot.is_host() && mine->bytes != 0) {
      try {
        settle_prefetches(false);
        profile(slot);
        access::held h = use == native_use::read ? access::reading(mine, slot, stream, line)
                                                 : access::writing(mine, use, slot, stream, line);
        h.api = std::move(api);
        if (stream != nullptr) h.stream = *stream;
        return access::hold(std::move(h));
      } catch (const error& e) {
        throw_at(e, slot, line);
      }
    }
  }
  access::held h = access::on_host(mine, use, *where, line);
  h.api = std::move(api);
  return access::hold(std::move(h));
}

}  // namespace detail

native_hold::native_hold(native_hold&& other) noexcept : held_(std::move(other.held_)) {}

native_hold& native_hold::operator=(native_hold&& other) noexcept {
  if (this != &other) {
    end_quietly();
    held_ = std::move(other.held_);
  }
  return *this;
}

native_hold::~native_hold() { end_quietly(); }

void native_hold::end_quietly() noexcept {
  try {
    end();
  } catch (const std::exception& e) {
    try {
      core::note(std::string("a native hold ended without its stream: ") + e.what());
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): no memory even to say so
    }
  }
}

void native_hold::end() { detail::native_access::end(held_); }

native_device native_device_of(const std::string& device, source_line line) {
  using namespace core;
  std::scoped_lock hold(run_lock());
  const device_slot& slot = open_for_sharing(device, nullptr, line);
  native_device n;
  n.name = slot.info.name;
  n.api = "host";
  if (slot.is_host()) return n;
  const backend::native_ids ids = slot.device->ids();
  n.api = ids.api;
  n.context = ids.context;
  n.device = ids.device;
  n.ordinal = ids.ordinal;
  n.compute = slot.compute->native();
  n.upload = slot.upload->native();
  n.download = slot.download->native();
  return n;
}

}  // namespace busfare
