// Two mappings of one file: one without access, which programs see, and one that the fake alone knows.
#include "fake_cuda/memory.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace fake_cuda {

namespace {

constexpr std::uint64_t page = 4096, alignment = 256;
constexpr unsigned char rubbish = 0xcb, guard = 0xfd;
constexpr std::uint64_t most_rubbish = 1u << 20;  // spoiling more would only take time

std::uint64_t up(std::uint64_t n, std::uint64_t to) { return (n + to - 1) / to * to; }

void* reserve(std::uint64_t bytes, int file) {
  const int flags = MAP_NORESERVE | (file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
  void* const p = mmap(nullptr, bytes, PROT_NONE, flags, file, 0);
  return p == MAP_FAILED ? nullptr : p;
}

}  // namespace

memory_map::memory_map() {
  const std::uint64_t bytes = window_bytes * most_devices;
  file_ = memfd_create("fake device memory", MFD_CLOEXEC);
  if (file_ < 0 || ftruncate(file_, static_cast<off_t>(bytes)) != 0) return;
  window_ = reinterpret_cast<address>(reserve(bytes, -1));
  alias_ = reinterpret_cast<address>(reserve(bytes, file_));
}

memory_map::~memory_map() {
  while (!blocks_.empty()) remove(blocks_.begin()->second.get());
  const std::uint64_t bytes = window_bytes * most_devices;
  if (window_ != 0) munmap(reinterpret_cast<void*>(window_), bytes);
  if (alias_ != 0) munmap(reinterpret_cast<void*>(alias_), bytes);
  if (file_ >= 0) close(file_);
}

// The first gap behind the place used last, with a page left free on both sides.
address memory_map::place(int device, std::uint64_t bytes) {
  const address begin = window_ + static_cast<std::uint64_t>(device) * window_bytes,
                end = begin + window_bytes;
  const std::uint64_t wanted = bytes + 2 * page;
  address at = std::max(next_[device], begin);
  for (int round = 0; round < 2; ++round) {
    for (auto b = blocks_.lower_bound(at); at + wanted <= end; ++b) {
      if (b == blocks_.end() || b->second->begin >= end || at + wanted <= b->second->begin) {
        next_[device] = at + page + bytes;
        return at + page;
      }
      at = std::max(at, b->second->end);
    }
    at = begin;
  }
  return 0;
}

memory_block* memory_map::add(block_kind kind, int device, std::uint64_t bytes) {
  if (bytes == 0 || bytes > window_bytes) return nullptr;
  auto b = std::make_unique<memory_block>();
  const std::uint64_t pages = up(bytes, page);
  if (kind == block_kind::pinned) {
    void* const p =
        mmap(nullptr, pages + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return nullptr;
    b->begin = reinterpret_cast<address>(p) + page;
    mprotect(reinterpret_cast<void*>(b->begin), pages, PROT_READ | PROT_WRITE);
    b->at = b->begin;  // aligned to a page, as the driver's
  } else {
    b->begin = window_ != 0 && alias_ != 0 ? place(device, pages) : 0;
    if (b->begin == 0) return nullptr;
    mprotect(reach(b->begin), pages, PROT_READ | PROT_WRITE);
    b->at = b->begin + pages - up(bytes, alignment);  // the page behind it guards its end
  }
  b->bytes = bytes;
  b->end = b->begin + pages;
  b->kind = kind;
  b->device = device;
  std::memset(reach(b->at + bytes), guard, b->end - b->at - bytes);
  memory_block* const made = b.get();
  blocks_[made->at] = std::move(b);
  return made;
}

void memory_map::spoil(void* data, std::uint64_t bytes) {
  std::memset(data, rubbish, std::min(bytes, most_rubbish));
}

bool memory_map::intact(const memory_block& b) const {
  const char* const from = reach(b.at + b.bytes);
  const char* const to = reach(b.end - 1) + 1;
  return std::all_of(from, to, [](char c) { return static_cast<unsigned char>(c) == guard; });
}

void memory_map::remove(memory_block* b) {
  const std::uint64_t pages = b->end - b->begin;
  if (b->kind == block_kind::pinned) {
    munmap(reinterpret_cast<void*>(b->begin - page), pages + 2 * page);
  } else {
    char* const at = reach(b->begin);
    mprotect(at, pages, PROT_NONE);
    fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(b->begin - window_),
              static_cast<off_t>(pages));
  }
  blocks_.erase(b->at);
}

memory_block* memory_map::find(address a) {
  auto b = blocks_.upper_bound(a);
  if (b == blocks_.begin()) return nullptr;
  --b;
  return a - b->second->at < b->second->bytes ? b->second.get() : nullptr;
}

}  // namespace fake_cuda
