// The thread pool: every part once, exceptions, nesting, several callers, idling, fork, BUSFARE_THREADS.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <busfare/error.hpp>

#include "pool/cpu_set.hpp"
#include "pool/thread_pool.hpp"

#if defined(__SANITIZE_THREAD__)
#define BUSFARE_TEST_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BUSFARE_TEST_TSAN 1
#endif
#endif
#ifndef BUSFARE_TEST_TSAN
#define BUSFARE_TEST_TSAN 0
#endif

namespace {

using busfare::error;
using busfare::error_class;
using busfare::pool::thread_pool;

// Sets a variable for one scope.
class variable {
 public:
  variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before, had_ = true;
    if (value)
      setenv(name, value, 1);
    else
      unsetenv(name);
  }
  ~variable() {
    if (had_)
      setenv(name_, before_.c_str(), 1);
    else
      unsetenv(name_);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

 private:
  const char* name_;
  std::string before_;
  bool had_ = false;
};

std::set<std::string> threads_of_process() {
  std::set<std::string> ids;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task"))
    ids.insert(each.path().filename().string());
  return ids;
}

// Not the difference of two counts: threads that were joined stay in the list for a moment.
std::size_t threads_since(const std::set<std::string>& before) {
  std::size_t n = 0;
  for (const std::string& id : threads_of_process()) n += before.count(id) == 0 ? 1 : 0;
  return n;
}

TEST(pool_thread_pool, runs_every_part_exactly_once) {
  for (const unsigned threads : {1u, 2u, 5u}) {
    thread_pool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const std::int64_t parts : {0, 1, 2, 3, 64, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<std::size_t>(parts));
      pool.for_each_part(parts, [&](std::int64_t p) { seen[static_cast<std::size_t>(p)].fetch_add(1); });
      for (const auto& s : seen) ASSERT_EQ(s.load(), 1) << threads << " threads, " << parts << " parts";
    }
  }
}

TEST(pool_thread_pool, what_parts_wrote_is_visible_to_the_caller) {
  thread_pool pool(4);
  std::vector<std::int64_t> plain(256);  // not atomic: a sanitizer sees a missing hand-over
  std::int64_t total = 0;
  for (std::int64_t round = 1; round <= 300; ++round) {
    pool.for_each_part(256, [&](std::int64_t p) { plain[static_cast<std::size_t>(p)] += p * round; });
    total += round;
  }
  for (std::size_t p = 0; p < plain.size(); ++p) ASSERT_EQ(plain[p], static_cast<std::int64_t>(p) * total);
}

TEST(pool_thread_pool, gaps_between_regions_lose_no_wake_up) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  thread_pool pool(3);
  std::int64_t plain[8] = {};
  for (int round = 0; round < 400; ++round) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
    pool.for_each_part(8, [&](std::int64_t p) { plain[p] += 1; });
  }
  for (const std::int64_t v : plain) EXPECT_EQ(v, 400);
}

TEST(pool_thread_pool, starts_no_thread_before_the_first_shared_region) {
  const std::set<std::string> before = threads_of_process();
  thread_pool pool(3);
  pool.for_each_part(1, [](std::int64_t) {});
  EXPECT_EQ(threads_since(before), 0u);
  EXPECT_FALSE(pool.awake());
  pool.for_each_part(2, [](std::int64_t) {});
  EXPECT_EQ(threads_since(before), 2u);
}

TEST(pool_thread_pool, workers_take_part) {
  thread_pool pool(2);
  // The caller's first part ends only when somebody else has taken the other one.
  std::atomic<int> begun{0};
  pool.for_each_part(2, [&](std::int64_t) {
    begun.fetch_add(1);
    while (begun.load() < 2) std::this_thread::yield();
  });
  EXPECT_EQ(begun.load(), 2);
}

TEST(pool_thread_pool, idle_workers_sleep) {
  thread_pool pool(3);
  pool.for_each_part(8, [](std::int64_t) {});
  for (int i = 0; i < 10000 && pool.awake(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(pool.awake());
  pool.allow_spinning(false);
  std::atomic<int> parts{0};
  pool.for_each_part(8, [&](std::int64_t) { parts.fetch_add(1); });
  EXPECT_EQ(parts.load(), 8);
}

TEST(pool_thread_pool, the_first_exception_reaches_the_caller) {
  thread_pool pool(4);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ran{0};
    try {
      pool.for_each_part(100, [&](std::int64_t p) {
        ran.fetch_add(1);
        if (p % 7 == 3) throw std::runtime_error("part " + std::to_string(p));
      });
      FAIL() << "nothing thrown";
    } catch (const std::runtime_error& e) {
      EXPECT_EQ(std::string(e.what()).substr(0, 5), "part ");
    }
    EXPECT_LE(ran.load(), 100);
  }
  std::atomic<int> ran{0};
  pool.for_each_part(100, [&](std::int64_t) { ran.fetch_add(1); });
  EXPECT_EQ(ran.load(), 100);
}

TEST(pool_thread_pool, nested_regions_run_alone) {
  thread_pool pool(3), other(3);
  std::atomic<int> inner{0};
  pool.for_each_part(16, [&](std::int64_t) {
    const auto self = std::this_thread::get_id();
    const auto count = [&](std::int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), self);
      inner.fetch_add(1);
    };
    pool.for_each_part(4, count);
    other.for_each_part(4, count);
  });
  EXPECT_EQ(inner.load(), 16 * 8);
}

TEST(pool_thread_pool, several_callers_at_once) {
  thread_pool pool(3);
  std::vector<std::thread> callers;
  std::vector<std::int64_t> sums(4);
  for (std::size_t c = 0; c < sums.size(); ++c)
    callers.emplace_back([&, c] {
      for (int round = 0; round < 500; ++round) {
        std::atomic<std::int64_t> sum{0};
        pool.for_each_part(9, [&](std::int64_t p) { sum.fetch_add(p); });
        sums[c] += sum.load();
      }
    });
  for (std::thread& t : callers) t.join();
  for (const std::int64_t s : sums) EXPECT_EQ(s, 500 * 36);
}

TEST(pool_thread_pool, busfare_threads_is_read_strictly) {
  {
    const variable v("BUSFARE_THREADS", "7");
    EXPECT_EQ(thread_pool().threads(), 7u);
    EXPECT_EQ(thread_pool(2).threads(), 2u);
  }
  for (const char* bad :
       {"", "0", "1025", "-1", "+2", " 2", "2 ", "two", "0x2", "2.0", "99999999999999999999"}) {
    const variable v("BUSFARE_THREADS", bad);
    try {
      thread_pool pool;
      ADD_FAILURE() << "accepted \"" << bad << '"';
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::invalid_argument);
      EXPECT_NE(e.message().find("BUSFARE_THREADS is \"" + std::string(bad) + '"'), std::string::npos)
          << e.what();
    }
  }
  const variable v("BUSFARE_THREADS", nullptr);
  const auto cpus = busfare::pool::usable_cpus();
  if (!cpus.empty()) {
    EXPECT_EQ(thread_pool().threads(), cpus.size());
  }
  EXPECT_THROW(thread_pool(1025), error);
}

TEST(pool_thread_pool, a_forked_child_gets_an_error_and_ends) {
  if (BUSFARE_TEST_TSAN) GTEST_SKIP() << "ThreadSanitizer does not follow a fork of several threads";
  auto pool = std::make_unique<thread_pool>(3);
  pool->for_each_part(4, [](std::int64_t) {});
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);  // a hang is a failure, not a stuck test
    int code = 1;
    try {
      pool->for_each_part(4, [](std::int64_t) {});
    } catch (const error& e) {
      code = e.kind() == error_class::unavailable && e.message().find("fork") != std::string::npos ? 0 : 2;
    }
    int parts = 0;
    pool->for_each_part(1, [&](std::int64_t) { ++parts; });
    if (parts != 1) code = 3;
    pool.reset();  // must not wait for threads that are not here
    _exit(code);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "signal " << (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  std::atomic<int> parts{0};
  pool->for_each_part(4, [&](std::int64_t) { parts.fetch_add(1); });
  EXPECT_EQ(parts.load(), 4);
}

TEST(pool_thread_pool, a_fork_before_the_first_region_is_fine) {
  if (BUSFARE_TEST_TSAN) GTEST_SKIP() << "ThreadSanitizer does not follow a fork of several threads";
  thread_pool pool(3);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(20);
    std::atomic<int> parts{0};
    pool.for_each_part(40, [&](std::int64_t) { parts.fetch_add(1); });
    _exit(parts.load() == 40 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
