// Host memory: alignment, classes, recycling, bounds.
#include "core/host_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <thread>
#include <vector>

#include <busfare/error.hpp>

namespace {

using namespace busfare;

bool aligned(const void* p, std::size_t to) { return reinterpret_cast<std::uintptr_t>(p) % to == 0; }

TEST(host_memory, classes_cover_with_bounded_waste) {
  constexpr std::size_t mib = std::size_t{1} << 20;
  EXPECT_EQ(core::host_memory_class_bytes(0), 64u);
  EXPECT_EQ(core::host_memory_class_bytes(65), 128u);
  EXPECT_EQ(core::host_memory_class_bytes(mib), mib);
  EXPECT_EQ(core::host_memory_class_bytes(mib + 1), mib + mib / 8);
  EXPECT_EQ(core::host_memory_class_bytes(2 * mib), 2 * mib);
  EXPECT_EQ(core::host_memory_class_bytes(2 * mib + 1), 2 * mib + mib / 4);
  EXPECT_EQ(core::host_memory_class_bytes(SIZE_MAX), 0u);
  std::mt19937_64 next(11);
  for (int i = 0; i < 20000; ++i) {
    const std::size_t n = 1 + (next() >> (18 + next() % 45));
    const std::size_t c = core::host_memory_class_bytes(n);
    ASSERT_GE(c, n);
    ASSERT_EQ(core::host_memory_class_bytes(c), c) << n;
    ASSERT_LE(c, n > mib ? n + n / 8 + 1 : std::max<std::size_t>(64, 2 * n)) << n;
  }
}

TEST(host_memory, blocks_are_aligned_and_writable_to_the_end) {
  std::vector<void*> all;
  for (const std::size_t n :
       {0ul, 1ul, 64ul, 1000ul, 4096ul, 1ul << 20, (2ul << 20) - 1, 2ul << 20, 5ul << 20}) {
    void* p = core::host_alloc(n);
    EXPECT_TRUE(aligned(p, 64));
    EXPECT_EQ(aligned(p, std::size_t{2} << 20), n > (std::size_t{7} << 18)) << n;
    std::memset(p, 0x5a, n);
    all.push_back(p);
  }
  for (void* p : all) core::host_free(p);
  core::host_free(nullptr);
  core::host_memory_trim();
  EXPECT_EQ(core::host_memory_cached(), 0u);
}

TEST(host_memory, freed_blocks_come_back) {
  core::host_memory_trim();
  for (const std::size_t n : {100ul, 3ul << 20}) {
    void* a = core::host_alloc(n);
    core::host_free(a);
    EXPECT_EQ(core::host_memory_cached(), core::host_memory_class_bytes(n));
    void* b = core::host_alloc(n);
    EXPECT_EQ(a, b);
    EXPECT_EQ(core::host_memory_cached(), 0u);
    core::host_free(b);
    core::host_memory_trim();
  }
}

TEST(host_memory, kept_bytes_are_bounded) {
  core::host_memory_trim();
  std::vector<void*> all;
  // Never touched: costs address space only.
  const std::size_t limit = core::host_memory_cache_limit();
  for (std::size_t i = 0; i < 6; ++i) all.push_back(core::host_alloc(limit / 4 - (std::size_t{4} << 20) + i));
  all.push_back(core::host_alloc(limit + limit / 4));
  for (void* p : all) {
    core::host_free(p);
    EXPECT_LE(core::host_memory_cached(), core::host_memory_cache_limit());
  }
  EXPECT_GT(core::host_memory_cached(), 0u);
  core::host_memory_trim();
}

TEST(host_memory, an_impossible_size_names_its_bytes) {
  for (const std::size_t n : {SIZE_MAX, std::size_t{1} << 62}) {
    try {
      core::host_free(core::host_alloc(n));
      FAIL();
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::out_of_memory);
      EXPECT_NE(e.message().find(std::to_string(n)), std::string::npos);
    }
  }
}

TEST(host_memory, threads_share_it) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      std::mt19937_64 next(t);
      std::vector<std::pair<unsigned char*, std::size_t>> mine;
      for (int i = 0; i < 3000; ++i) {
        if (mine.size() < 8 || next() % 2 == 0) {
          const std::size_t n = 1 + next() % (next() % 50 == 0 ? std::size_t{3} << 20 : 5000);
          auto* p = static_cast<unsigned char*>(core::host_alloc(n));
          p[0] = p[n - 1] = static_cast<unsigned char>(t);
          mine.push_back({p, n});
        } else {
          auto [p, n] = mine.back();
          mine.pop_back();
          ASSERT_EQ(p[0], t);
          ASSERT_EQ(p[n - 1], t);
          core::host_free(p);
        }
      }
      for (auto [p, n] : mine) core::host_free(p);
    });
  for (std::thread& t : threads) t.join();
  EXPECT_LE(core::host_memory_cached(), core::host_memory_cache_limit());
  core::host_memory_trim();
}

}  // namespace
