// Host memory for arrays: free blocks by size class, in front of the system's allocator.
#include "core/host_memory.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include <busfare/error.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define BUSFARE_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUSFARE_POISONS 1
#endif
#endif
#ifdef BUSFARE_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) (static_cast<void>(0))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) (static_cast<void>(0))
#endif

namespace busfare::core {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr int smallest_log = 6;  // 64 bytes
constexpr int stepped_log = 20;  // 1 MiB: eight steps an octave from here
constexpr int largest_log = 46;  // 64 TiB: no machine has more
constexpr int steps = 8;
constexpr int class_count = (stepped_log - smallest_log) + (largest_log - stepped_log) * steps + 1;

int class_of(std::size_t bytes) {
  if (bytes <= std::size_t{1} << smallest_log) return 0;
  if (bytes > std::size_t{1} << largest_log) return -1;
  const int log = static_cast<int>(std::bit_width(bytes - 1));  // 2^(log-1) < bytes <= 2^log
  if (log <= stepped_log) return log - smallest_log;
  const std::size_t base = std::size_t{1} << (log - 1), step = base / steps;
  const int above = static_cast<int>((bytes - base + step - 1) / step);  // 1 to 8
  return (stepped_log - smallest_log) + (log - 1 - stepped_log) * steps + above;
}

std::size_t bytes_of(int index) {
  if (index <= stepped_log - smallest_log) return std::size_t{1} << (index + smallest_log);
  const int rest = index - (stepped_log - smallest_log) - 1;
  const std::size_t base = std::size_t{1} << (stepped_log + rest / steps);
  return base + base / steps * static_cast<std::size_t>(rest % steps + 1);
}

// In front of every block below 2 MiB. Blocks begin 64 bytes behind a multiple of 128, so none of them is a
// multiple of 2 MiB, which is how host_free tells them from the large ones.
struct alignas(64) small_header {
  int index;
};
constexpr std::size_t small_alignment = 128;

struct bin {
  std::mutex guard;
  std::vector<void*> blocks;
};

// One free block of a small class, taken and put back by one exchange: a result that takes the place of the
// one before it needs no lock and no books. All of them together are less than 1 MiB.
struct alignas(64) front_place {
  std::atomic<void*> block{nullptr};
};
constexpr int front_count = stepped_log - smallest_log;             // up to 512 KiB
constexpr std::size_t front_bytes = std::size_t{1} << stepped_log;  // more than their sum

class pool {
 public:
  void* take(int index) {
    if (void* const memory = take_front(index); memory != nullptr) return memory;
    bin& b = bins_[static_cast<std::size_t>(index)];
    const std::lock_guard lock(b.guard);
    if (b.blocks.empty()) return nullptr;
    void* memory = b.blocks.back();
    b.blocks.pop_back();
    cached_.fetch_sub(bytes_of(index), std::memory_order_relaxed);
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes_of(index));
    return memory;
  }

  // False where the block is not kept.
  bool keep(int index, void* memory) noexcept {
    if (put_front(index, memory)) return true;
    const std::size_t bytes = bytes_of(index), limit = host_memory_cache_limit() - front_bytes;
    if (bytes > limit) return false;
    if (cached_.load(std::memory_order_relaxed) + bytes > limit) {
      // What was freed last is wanted next: the others make room, the largest first.
      for (int i = class_count - 1; i >= 0 && cached_.load(std::memory_order_relaxed) + bytes > limit; --i)
        if (i != index) drop(i);
    }
    // Reserved before the block is listed, so that the bound holds with many threads too.
    if (cached_.fetch_add(bytes, std::memory_order_relaxed) + bytes > limit) {
      cached_.fetch_sub(bytes, std::memory_order_relaxed);
      return false;
    }
    bin& b = bins_[static_cast<std::size_t>(index)];
    const std::lock_guard lock(b.guard);
    try {
      b.blocks.push_back(memory);
    } catch (const std::bad_alloc&) {
      cached_.fetch_sub(bytes, std::memory_order_relaxed);
      return false;
    }
    ASAN_POISON_MEMORY_REGION(memory, bytes);
    return true;
  }

  void trim() noexcept {
    for (int i = 0; i < class_count; ++i) drop(i);
  }

  [[nodiscard]] std::size_t cached() const noexcept {
    std::size_t bytes = cached_.load(std::memory_order_relaxed);
    for (int i = 0; i < front_count; ++i)
      if (front_[static_cast<std::size_t>(i)].block.load(std::memory_order_relaxed) != nullptr)
        bytes += bytes_of(i);
    return bytes;
  }

  void* make(int index) {
    const std::size_t bytes = bytes_of(index);
    void* memory = nullptr;
    if (bytes < huge_page) {
      if (::posix_memalign(&memory, small_alignment, bytes + sizeof(small_header)) != 0) return nullptr;
      return static_cast<std::byte*>(static_cast<void*>(new (memory) small_header{index})) +
             sizeof(small_header);
    }
    if (::posix_memalign(&memory, huge_page, bytes) != 0) return nullptr;
    ::madvise(memory, bytes, MADV_HUGEPAGE);  // advice: a kernel without huge pages refuses, and that is fine
    try {
      const std::lock_guard lock(large_guard_);
      large_[memory] = index;
    } catch (const std::bad_alloc&) {
      std::free(memory);
      return nullptr;
    }
    return memory;
  }

  [[nodiscard]] int index_of(void* memory) noexcept {
    if (!is_large(memory)) return header_of(memory)->index;
    const std::lock_guard lock(large_guard_);
    const auto found = large_.find(memory);
    return found == large_.end() ? -1 : found->second;
  }

  void destroy(void* memory) noexcept {
    if (!is_large(memory)) {
      std::free(header_of(memory));
      return;
    }
    {
      const std::lock_guard lock(large_guard_);
      large_.erase(memory);
    }
    std::free(memory);
  }

 private:
  static bool is_large(void* memory) { return reinterpret_cast<std::uintptr_t>(memory) % huge_page == 0; }
  static small_header* header_of(void* memory) {
    return static_cast<small_header*>(
        static_cast<void*>(static_cast<std::byte*>(memory) - sizeof(small_header)));
  }

  void* take_front(int index) noexcept {
    if (index >= front_count) return nullptr;
    std::atomic<void*>& place = front_[static_cast<std::size_t>(index)].block;
    if (place.load(std::memory_order_relaxed) == nullptr) return nullptr;
    void* const memory = place.exchange(nullptr, std::memory_order_acquire);
    if (memory != nullptr) ASAN_UNPOISON_MEMORY_REGION(memory, bytes_of(index));
    return memory;
  }
  bool put_front(int index, void* memory) noexcept {
    if (index >= front_count) return false;
    std::atomic<void*>& place = front_[static_cast<std::size_t>(index)].block;
    if (place.load(std::memory_order_relaxed) != nullptr) return false;
    ASAN_POISON_MEMORY_REGION(memory, bytes_of(index));  // before others can take it
    void* none = nullptr;
    if (place.compare_exchange_strong(none, memory, std::memory_order_release)) return true;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes_of(index));
    return false;
  }

  void drop(int index) noexcept {
    if (void* const memory = take_front(index); memory != nullptr) destroy(memory);
    bin& b = bins_[static_cast<std::size_t>(index)];
    std::vector<void*> blocks;
    {
      const std::lock_guard lock(b.guard);
      blocks.swap(b.blocks);
      cached_.fetch_sub(blocks.size() * bytes_of(index), std::memory_order_relaxed);
    }
    for (void* memory : blocks) {
      ASAN_UNPOISON_MEMORY_REGION(memory, bytes_of(index));
      destroy(memory);
    }
  }

  std::array<front_place, front_count> front_;
  std::array<bin, class_count> bins_;
  std::atomic<std::size_t> cached_{0};
  std::mutex large_guard_;
  std::unordered_map<void*, int> large_;  // every large block, in use or kept
};

pool& blocks() {
  static pool* const p = new pool;  // never destroyed: arrays may be freed while the process ends
  return *p;
}

}  // namespace

void* host_alloc(std::size_t bytes) {
  const int index = class_of(bytes);
  if (index >= 0) {
    pool& p = blocks();
    if (void* kept = p.take(index)) return kept;
    if (void* fresh = p.make(index)) return fresh;
    p.trim();
    if (void* fresh = p.make(index)) return fresh;
  }
  throw error(error_class::out_of_memory,
              "the host has no memory for an allocation of " + std::to_string(bytes) + " bytes");
}

void host_free(void* memory) noexcept {
  if (memory == nullptr) return;
  pool& p = blocks();
  const int index = p.index_of(memory);
  if (index < 0) return;  // not ours: leaking it is the harmless answer
  if (!p.keep(index, memory)) p.destroy(memory);
}

void host_memory_trim() noexcept { blocks().trim(); }

std::size_t host_memory_cache_limit() noexcept {
  static constexpr std::size_t least = std::size_t{256} << 20, most = std::size_t{4} << 30;
  static const std::size_t limit = [] {
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
    if (pages <= 0 || size <= 0) return least;
    return std::clamp(static_cast<std::size_t>(pages) / 16 * static_cast<std::size_t>(size), least, most);
  }();
  return limit;
}

std::size_t host_memory_cached() noexcept { return blocks().cached(); }

std::size_t host_memory_class_bytes(std::size_t bytes) noexcept {
  const int index = class_of(bytes);
  return index < 0 ? 0 : bytes_of(index);
}

}  // namespace busfare::core
