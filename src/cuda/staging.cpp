// Filling, crossing and emptying of pinned slots, overlapped.
#include "cuda/staging.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

namespace busfare::cuda {

namespace {

constexpr std::size_t line = 256;                     // pieces of a slot start at whole lines
constexpr std::size_t part = std::size_t{512} << 10;  // of a copy in host memory, for one thread

// Small enough that filling the first and emptying the last are short beside the whole, large enough for the
// link.
std::size_t piece_of(std::size_t bytes) {
  constexpr std::size_t least = std::size_t{256} << 10, grain = std::size_t{64} << 10;
  return std::clamp((bytes / 8 + grain - 1) / grain * grain, least, memory::slot_bytes);
}

struct host_copy {
  std::byte* to;
  const std::byte* from;
  std::size_t bytes, share;
};

}  // namespace

staging::~staging() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  for (slot& s : slots_) {
    if (s.at == nullptr) continue;
    bool is_free = !s.in_flight;
    while (!is_free) {
      const current here(events_.where(), std::nothrow);
      if (!here) break;
      try {
        is_free = s.crossed.is_done();
      } catch (...) {
        // Lost: the driver is not called again, and the slot is gone with the context. Else it is asked
        // again.
        if (events_.where().errors().is_lost()) break;
      }
      if (std::chrono::steady_clock::now() > end) break;
      if (!is_free) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    if (is_free) memory_.give_slot(s.at);
  }
}

void staging::settle(slot& s) {
  if (s.in_flight) s.crossed.await(s.used);
  s.in_flight = false;
  s.used = 0;
}

// A crossing that no event tells of must end before its slot is used again.
void staging::note_crossing(slot& s, CUstream on) {
  s.in_flight = true;
  try {
    s.crossed.record(on);
  } catch (...) {
    const context& c = events_.where();
    if (c.errors().is_lost() || finish(c, on) != CUDA_SUCCESS) s.at = nullptr;  // abandoned
    s.in_flight = false;
    throw;
  }
}

// Small pieces share a slot, so that a row of them waits for nothing.
staging::slot& staging::room_for(std::size_t bytes) {
  if (slots_[now_].at != nullptr && memory::slot_bytes - slots_[now_].used >= bytes) return slots_[now_];
  if (slots_[now_].at != nullptr) now_ = (now_ + 1) % slots_.size();
  slot& s = slots_[now_];
  if (s.at == nullptr) {
    if (!s.crossed) s.crossed = pooled_event(events_);
    s.at = static_cast<std::byte*>(memory_.take_slot());
  }
  settle(s);
  return s;
}

void staging::copy(void* to, const void* from, std::size_t bytes) const {
  const auto parts = static_cast<int>(std::min<std::size_t>(bytes / part, 16));
  if (parts < 2 || core_.parallel == nullptr) {
    std::memcpy(to, from, bytes);
    return;
  }
  const auto n = static_cast<std::size_t>(parts);
  host_copy all{static_cast<std::byte*>(to), static_cast<const std::byte*>(from), bytes,
                (bytes / n + line - 1) / line * line};
  core_.parallel(
      &all,
      [](void* self, int i) {
        const auto& c = *static_cast<const host_copy*>(self);
        const std::size_t begin = std::min(static_cast<std::size_t>(i) * c.share, c.bytes);
        std::memcpy(c.to + begin, c.from + begin, std::min(c.share, c.bytes - begin));
      },
      parts);
}

void staging::upload(CUstream s, CUdeviceptr to, const void* from, std::size_t bytes) {
  const context& c = events_.where();
  const auto* source = static_cast<const std::byte*>(from);
  const std::size_t piece = piece_of(bytes);
  for (std::size_t done = 0; done < bytes;) {
    const std::size_t n = std::min(piece, bytes - done);
    slot& each = room_for(n);
    std::byte* const at = each.at + each.used;
    copy(at, source + done, n);
    c.errors().check(c.calls().cuMemcpyHtoDAsync_v2(to + done, at, n, s), "cuMemcpyHtoDAsync",
                     std::uint64_t{n});
    each.used = std::min((each.used + n + line - 1) / line * line, memory::slot_bytes);
    note_crossing(each, s);
    done += n;
  }
}

void staging::download(CUstream s, void* to, CUdeviceptr from, std::size_t bytes) {
  const context& c = events_.where();
  auto* target = static_cast<std::byte*>(to);
  const std::size_t piece = piece_of(bytes), pieces = (bytes + piece - 1) / piece;
  const auto size = [&](std::size_t k) { return std::min(piece, bytes - k * piece); };
  std::array<slot*, 3> of{};
  for (std::size_t k = 0; k < pieces + of.size(); ++k) {
    if (k >= of.size() && k - of.size() < pieces) {
      const std::size_t old = k - of.size();
      settle(*of[old % of.size()]);
      copy(target + old * piece, of[old % of.size()]->at, size(old));
    }
    if (k >= pieces) continue;
    slot& each = room_for(memory::slot_bytes);  // a whole one: it is settled
    each.used = memory::slot_bytes;
    of[k % of.size()] = &each;
    c.errors().check(c.calls().cuMemcpyDtoHAsync_v2(each.at, from + k * piece, size(k), s),
                     "cuMemcpyDtoHAsync", std::uint64_t{size(k)});
    note_crossing(each, s);
  }
}

}  // namespace busfare::cuda
