// Transfers, fences and the blocks they go between.
#include "core/residency.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/host_memory.hpp"
#include "core/versions.hpp"

namespace busfare::core {
namespace {

constexpr std::uint64_t spare_limit = std::uint64_t{256} << 20;

backend::block host_block(const detail::array_state& a) {
  void* const at = const_cast<void*>(a.host.get());
  return {at, 0, a.bytes, backend::memory_kind::pageable, at};
}

void mark(run_log& log, device_slot& slot, backend::queue& q, lane on) {
  const std::size_t row = on == lane::kernel ? log.steps.size() - 1 : log.transfers.size() - 1;
  log.marks.push_back({q.mark(), &slot, on, row});
}

// What the crossing is predicted to cost, before it is made.
void price(transfer& t, const device_slot& slot, std::uint64_t bytes) {
  const link_curve* const link = link_for(slot, t.direction, t.fence);
  if (link == nullptr || bytes == 0) return;
  t.predicted_seconds = link->predict(bytes);
  t.submit_seconds = link->submit_seconds;
}

// Work that hangs may go on one day, and would find the memory of something else: this stays for good.
void abandon(const run_log& log) noexcept {
  static auto* const for_good = new std::vector<std::shared_ptr<const void>>;
  try {
    for (const detail::array_handle& a : log.held) for_good->push_back(a->host);
    for (const run_log::idle_room& each : log.idle) for_good->push_back(each.host);
  } catch (...) {  // NOLINT(bugprone-empty-catch): no memory to remember it by
  }
}

}  // namespace

std::string at_line(const source_line& l) {
  return l.line != 0 ? std::string(l.file) + ":" + std::to_string(l.line) : std::string("an unknown line");
}

void throw_at(const error& e, const device_slot& slot, const source_line& line) {
  error::details d = e.where();
  if (d.line.line == 0) d.line = line;
  if (d.device.empty()) d.device = slot.info.name;
  throw error(e.kind(), e.message(), d);
}

const link_curve* link_for(const device_slot& slot, direction way, bool fence) {
  if (!slot.profile) return nullptr;
  const link_curve* const link = slot.profile->find(fence ? "mapped" : "pageable", way);
  return link != nullptr ? link : slot.profile->best(way);
}

bool shared_in_place(const device_slot& slot, const void* host, std::size_t bytes, memory_reader by) {
  constexpr std::size_t line = 64;
  const std::size_t wanted =
      by == memory_reader::our_text ? slot.info.host_alignment : std::max(slot.info.host_alignment, line);
  return slot.info.shares_host_memory && bytes != 0 && reinterpret_cast<std::uintptr_t>(host) % wanted == 0;
}

void run_log::settle(busfare::trace& trace) {
  for (mark& m : marks) m.event->wait(std::chrono::nanoseconds::max());
  for (const auto& e : awaited) e->wait(std::chrono::nanoseconds::max());
  awaited.clear();
  const std::int64_t host_zero =
      std::chrono::duration_cast<std::chrono::nanoseconds>(began.time_since_epoch()).count();
  std::int64_t virtual_zero = INT64_MAX;  // a simulated device's clock began somewhere
  for (mark& m : marks) {
    if (!m.slot->info.virtual_clock) continue;
    if (const auto t = m.event->times()) virtual_zero = std::min(virtual_zero, t->start);
  }
  for (mark& m : marks) {
    const auto t = m.event->times();
    if (!t) continue;
    const double seconds = static_cast<double>(t->end - t->start) * 1e-9;
    span s;
    s.lane = m.on;
    s.device = m.slot->info.name;
    const std::int64_t zero = m.slot->info.virtual_clock ? virtual_zero : host_zero;
    s.start_seconds = static_cast<double>(t->start - zero) * 1e-9;
    s.end_seconds = s.start_seconds + seconds;
    s.clock = m.slot->info.virtual_clock ? span_clock::simulated : span_clock::measured;
    if (m.on == lane::kernel) {
      plan_step& step = steps[m.row];
      step.measured_seconds = std::max(step.measured_seconds, 0.0) + seconds;
      s.name = step.what;
      if (!step.lines.empty()) s.line = step.lines.front();
      s.bytes = static_cast<std::uint64_t>(step.bytes);
    } else {
      transfer& each = transfers[m.row];
      each.measured_seconds = seconds;
      s.name = each.cause;
      s.bytes = each.bytes;
    }
    trace.add(std::move(s));
  }
  marks.clear();
  settled_ = true;
}

void run_log::release() noexcept {
  if (!settled_) {
    // After a failure: nothing may be given back while a queue could still use it.
    bool in_use = false;  // as far as anybody can tell
    const auto wait = [&in_use](backend::event& e) {
      try {
        in_use = !e.wait(std::chrono::seconds(30)) || in_use;
      } catch (const error& failed) {  // the first error is on its way already
        in_use = in_use || failed.kind() == error_class::timeout || failed.kind() == error_class::device_lost;
      } catch (...) {  // NOLINT(bugprone-empty-catch)
      }
    };
    for (mark& m : marks) wait(*m.event);
    for (const auto& e : awaited) wait(*e);
    if (in_use) abandon(*this);
  }
  marks.clear();
  awaited.clear();
  for (auto& [slot, b] : temporaries) give_block(*slot, b);
  temporaries.clear();
  for (const idle_room& each : idle) give_replica(*each.slot, each.memory);
  idle.clear();
  held.clear();
}

void run_log::disown() noexcept {
  for (auto& [a, slot] : brought) {
    std::erase_if(a->replicas, [&, on = slot](const replica& r) {
      if (r.device != on->index) return false;
      give_replica(*on, r);
      return true;
    });
  }
  brought.clear();
}

backend::block take_block(device_slot& slot, std::size_t bytes) {
  const std::size_t size = host_memory_class_bytes(std::max<std::size_t>(bytes, 1));
  if (size == 0)
    throw error(error_class::out_of_memory, "no device holds " + std::to_string(bytes) + " bytes");
  for (std::size_t i = 0; i < slot.spare.size(); ++i) {
    if (slot.spare[i].bytes != size) continue;
    const backend::block b = slot.spare[i];
    slot.spare[i] = slot.spare.back();
    slot.spare.pop_back();
    slot.spare_bytes -= size;
    return b;
  }
  const auto get = [&] {
    return slot.device->allocate(
        size, slot.info.shares_host_memory ? backend::memory_kind::mapped : backend::memory_kind::device);
  };
  try {
    return get();
  } catch (const error& e) {
    if (e.kind() != error_class::out_of_memory) throw;
    for (const backend::block& b : slot.spare) slot.device->release(b);
    slot.spare.clear();
    slot.spare_bytes = 0;
    drain_released(slot);
    return get();
  }
}

void give_block(device_slot& slot, const backend::block& b) noexcept {
  try {
    if (slot.spare_bytes + b.bytes <= spare_limit) {
      slot.spare.push_back(b);
      slot.spare_bytes += b.bytes;
      return;
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): no room in the list, so the device gets it
  }
  slot.device->release(b);
}

void give_replica(device_slot& slot, const replica& r) noexcept {
  if (r.foreign) return;
  if (r.adopted)
    slot.device->release(r.memory);
  else
    give_block(slot, r.memory);
}

void drain_released(device_slot& slot) noexcept {
  std::vector<std::pair<replica, std::shared_ptr<const void>>> list;
  {
    std::scoped_lock hold(slot.release_lock);
    list.swap(slot.released);
  }
  for (auto& [r, keep] : list) give_replica(slot, r);
}

namespace {

// Some copies may be queued: what they use stays until they are over, or for good where nobody can tell.
void give_up_upload(device_slot& slot, const backend::block& memory, run_log& log) noexcept {
  try {
    log.awaited.push_back(slot.upload->mark());
    log.temporaries.emplace_back(&slot, memory);
  } catch (...) {
    abandon(log);
  }
}

// Sends what was written since the device's copy was made.
backend::block refresh(device_slot& slot, const detail::array_handle& a, const std::string& cause,
                       run_log& log) {
  const auto at = std::find_if(a->replicas.begin(), a->replicas.end(),
                               [&](const replica& r) { return r.device == slot.index; });
  transfer t;
  t.device = slot.info.name;
  t.bytes = at->stale.bytes();
  t.avoided = a->bytes - t.bytes;
  t.cause = cause + " was written since it came to " + slot.info.name + ", in part";
  for (const byte_range& part : at->stale.all()) {
    transfer one;
    one.direction = t.direction;
    price(one, slot, part.to - part.from);
    t.predicted_seconds += one.predicted_seconds;
    t.submit_seconds += one.submit_seconds;
  }
  log.transfers.push_back(std::move(t));
  try {
    for (const byte_range& part : at->stale.all()) {
      backend::block to = at->memory, from = host_block(*a);
      to.offset += part.from;
      from.offset += part.from;
      slot.upload->copy(to, from, part.to - part.from);
    }
    mark(log, slot, *slot.upload, lane::upload);
    slot.compute->wait_for(*log.marks.back().event);
    log.brought.emplace_back(a, &slot);
    at->stale = {};
  } catch (...) {
    give_up_upload(slot, at->memory, log);
    a->replicas.erase(at);
    throw;
  }
  return at->memory;
}

}  // namespace

backend::block bring_to(device_slot& slot, const detail::array_handle& a, const std::string& cause,
                        run_log& log, memory_reader by) {
  log.held.push_back(a);
  if (slot.is_host()) {
    bring_home(a, cause, log);
    return {const_cast<void*>(a->host.get()), 0, a->bytes, backend::memory_kind::mapped,
            const_cast<void*>(a->host.get())};
  }
  const auto unfit = std::find_if(a->replicas.begin(), a->replicas.end(), [&](const replica& r) {
    return r.device == slot.index && r.adopted && !shared_in_place(slot, a->host.get(), a->bytes, by);
  });
  if (unfit != a->replicas.end()) {  // in place for our own texts; this reader gets a copy
    bring_home(a, cause, log);
    give_replica(slot, *unfit);
    a->replicas.erase(unfit);
  }
  for (const replica& r : a->replicas) {
    if (r.device != slot.index) continue;
    if (!r.stale.empty()) return refresh(slot, a, cause, log);
    transfer t;
    t.device = slot.info.name;
    t.avoided = a->bytes;
    t.cause = cause + " is on " + slot.info.name + " already";
    log.transfers.push_back(std::move(t));
    return r.memory;
  }
  bring_home(a, cause, log);
  replica r;
  r.device = slot.index;
  if (shared_in_place(slot, a->host.get(), a->bytes, by)) {
    if (const auto adopted = slot.device->adopt(const_cast<void*>(a->host.get()), a->bytes)) {
      r.memory = *adopted;
      r.adopted = true;
    }
  }
  if (!r.adopted) r.memory = take_block(slot, a->bytes);
  transfer t;
  t.device = slot.info.name;
  t.fence = r.adopted;
  t.bytes = r.adopted ? 0 : a->bytes;
  t.avoided = r.adopted ? a->bytes : 0;
  t.cause = cause + (r.adopted ? " is made visible to " : " is not on ") + slot.info.name;
  price(t, slot, a->bytes);
  log.transfers.push_back(std::move(t));
  try {
    slot.upload->copy(r.memory, host_block(*a), a->bytes);
    mark(log, slot, *slot.upload, lane::upload);
    slot.compute->wait_for(*log.marks.back().event);
    log.brought.emplace_back(a, &slot);
    a->replicas.push_back(r);
  } catch (...) {
    if (r.adopted)
      give_replica(slot, r);
    else
      give_up_upload(slot, r.memory, log);
    throw;
  }
  return r.memory;
}

namespace {

[[noreturn]] void throw_lost(const detail::array_state& a) {
  if (!a.lost) throw error(error_class::internal, "an array has no contents anywhere", a.line);
  throw error(
      error_class::out_of_memory,
      "the " + std::to_string(a.bytes) + " bytes of " + described(a) +
          " are gone: its lease ended, and there was no memory to keep a copy, or no way to fetch them",
      a.line);
}

// From the first device that has them, behind the kernel that makes them. Waits.
void download(const detail::array_state& a, const backend::block& to, const std::string& cause,
              run_log& log) {
  const replica& r = a.replicas.front();
  device_slot& slot = *device_list::shared().slots()[static_cast<std::size_t>(r.device)];
  transfer t;
  t.direction = direction::download;
  t.device = slot.info.name;
  t.fence = r.adopted;
  t.bytes = r.adopted ? 0 : a.bytes;
  t.avoided = r.adopted ? a.bytes : 0;
  t.cause = cause + (r.adopted ? " is made visible to the host from " : " is only on ") + slot.info.name;
  price(t, slot, a.bytes);
  log.transfers.push_back(std::move(t));
  const std::unique_ptr<backend::event> computed = slot.compute->mark();
  slot.download->wait_for(*computed);
  slot.download->copy(to, r.memory, a.bytes);
  mark(log, slot, *slot.download, lane::download);
  log.marks.back().event->wait(std::chrono::nanoseconds::max());
}

}  // namespace

void bring_home(const detail::array_handle& a, const std::string& cause, run_log& log) {
  if (a->on_host.load(std::memory_order_acquire)) return;
  if (a->replicas.empty()) throw_lost(*a);
  if (!a->host) a->host = std::shared_ptr<void>(host_alloc(a->bytes), host_free);
  download(*a, host_block(*a), cause, log);
  a->on_host.store(true, std::memory_order_release);
}

void bring_out(const detail::array_handle& a, void* to, const std::string& cause, run_log& log) {
  if (a->replicas.empty()) throw_lost(*a);
  download(*a, {to, 0, a->bytes, backend::memory_kind::pageable, to}, cause, log);
}

backend::block make_room(device_slot& slot, const detail::array_handle& a) {
  if (slot.info.shares_host_memory) {
    // The host's memory is the device's: what the kernel writes is where the host will read.
    if (!a->host) a->host = std::shared_ptr<void>(host_alloc(a->bytes), host_free);
    void* const at = const_cast<void*>(a->host.get());
    if (slot.is_host()) return {at, 0, a->bytes, backend::memory_kind::mapped, at};
    if (a->bytes != 0) {
      if (const auto adopted = slot.device->adopt(at, a->bytes)) {
        a->replicas.push_back({slot.index, *adopted, true});
        return *adopted;
      }
    }
  }
  const backend::block b = take_block(slot, a->bytes);
  a->replicas.push_back({slot.index, b, false});
  return b;
}

}  // namespace busfare::core
