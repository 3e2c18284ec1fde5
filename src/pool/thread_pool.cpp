// The thread pool: regions, workers, parking, fork.
#include "pool/thread_pool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <pthread.h>
#include <signal.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <busfare/error.hpp>

#include "pool/cpu_set.hpp"
#include "pool/thread_count.hpp"

namespace busfare::pool {

namespace {

using clock = std::chrono::steady_clock;
constexpr auto spin_time = std::chrono::microseconds(80);  // 20 us is too short: a 50 us gap then costs 11 us

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

// Inside a part, or at a thread that belongs to a pool: regions run alone.
thread_local bool inside_region = false;
thread_local bool is_worker = false;

class inside {
 public:
  inside() noexcept : before_(inside_region) { inside_region = true; }
  ~inside() { inside_region = before_; }
  inside(const inside&) = delete;
  inside& operator=(const inside&) = delete;

 private:
  bool before_;
};

// The gate: registered workers in the low 16 bits, then the open bit, then the region's number. A worker
// reads the job only after it has registered at an open gate; the caller changes the job only after it has
// closed the gate and the count is 0. A worker that comes late finds the gate closed and touches nothing.
using gate_t = std::uint64_t;
constexpr gate_t gate_count = 0xffff;
constexpr gate_t gate_open = 0x10000;
constexpr gate_t gate_region = 0x20000;
constexpr gate_t region_of(gate_t g) noexcept { return g & ~(gate_region - 1); }

}  // namespace

// On the heap, because the child of a fork must leak it: destroying a condition variable waits for its
// waiters, and those threads do not exist there.
struct thread_pool::state {
  std::vector<int> cpus;
  std::atomic<pid_t> owner{0};       // the process that started the workers; 0: nobody yet
  std::atomic<bool> taken{false};    // a caller holds the workers (guards everything not atomic below)
  std::atomic<bool> stopped{false};  // workers are to end
  std::atomic<bool> spinning{true};  // allowed to spin
  std::atomic<bool> caller_sleeps{false};
  std::atomic<int> parked{0};
  std::atomic<int> running{0};  // workers that exist
  std::vector<std::thread> workers;
  std::mutex mutex;
  std::condition_variable wake, finished;
  int excluded = -1, last_cpu = -1;

  std::exception_ptr failure;
  std::atomic<bool> failed{false};

  // All that a worker needs to begin, in one cache line: it comes over once.
  alignas(64) std::atomic<gate_t> gate{0};
  std::atomic<std::int64_t> next{0};
  void* ctx = nullptr;
  void (*call)(void*, std::int64_t) = nullptr;
  std::int64_t parts = 0;

  void start(unsigned count);
  void follow(int cpu) noexcept;
  void take_parts() noexcept;
  void wait_for_workers() noexcept;
  void work() noexcept;
  bool wait_for_region(gate_t seen) noexcept;
  void join_region() noexcept;
};

// Called by the holder of `taken`.
void thread_pool::state::start(unsigned count) {
  owner.store(getpid());
  workers.reserve(count);
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  const bool masked = pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
  try {
    while (workers.size() < count) {
      workers.emplace_back([this] { work(); });
      running.fetch_add(1);
    }
  } catch (...) {
    // No thread or no memory for one. Fewer workers are slower, not wrong: the caller takes what nobody
    // takes.
  }
  if (masked) pthread_sigmask(SIG_SETMASK, &before, nullptr);
#if defined(__linux__)
  for (std::thread& w : workers) pthread_setname_np(w.native_handle(), "busfare");
#endif
  // Workers inherit the mask of this thread, which OpenMP may have narrowed to one CPU.
  for (std::thread& w : workers) keep_on(w.native_handle(), cpus, -1);
}

// Woken threads land on the CPU of the one that wakes them and then wait for it: keep them off. A system call
// per worker, only when the caller has moved; with many workers only once it has stayed for two regions.
void thread_pool::state::follow(int cpu) noexcept {
  const bool stays = cpu == last_cpu || workers.size() <= 8;
  last_cpu = cpu;
  if (cpu < 0 || cpu == excluded || !stays || workers.size() + 1 > cpus.size()) return;
  excluded = cpu;
  for (std::thread& w : workers) keep_on(w.native_handle(), cpus, cpu);
}

void thread_pool::state::take_parts() noexcept {
  const inside mark;
  for (;;) {
    const std::int64_t part = next.fetch_add(1, std::memory_order_relaxed);
    if (part >= parts) return;
    try {
      call(ctx, part);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
      next.store(parts, std::memory_order_relaxed);  // what nobody has begun is skipped
      return;
    }
  }
}

void thread_pool::state::wait_for_workers() noexcept {
  const auto busy = [this] { return (gate.load() & gate_count) != 0; };
  if (!busy()) return;
  const auto deadline = clock::now() + spin_time;
  do {
    for (int i = 0; i < 32; ++i) {
      if (!busy()) return;
      pause();
    }
  } while (clock::now() < deadline);
  std::unique_lock lock(mutex);
  caller_sleeps.store(true);
  finished.wait(lock, [&] { return !busy(); });
  caller_sleeps.store(false);
}

// True: a region other than `seen` may be open. False: end.
bool thread_pool::state::wait_for_region(gate_t seen) noexcept {
  const auto ready = [this, seen] { return region_of(gate.load()) != seen || stopped.load(); };
  if (spinning.load(std::memory_order_relaxed)) {
    const auto deadline = clock::now() + spin_time;
    do {
      for (int i = 0; i < 32; ++i) {
        if (ready()) return !stopped.load();
        pause();
      }
    } while (clock::now() < deadline && spinning.load(std::memory_order_relaxed));
  }
  std::unique_lock lock(mutex);
  // The caller opens the gate, then reads `parked`; we raise `parked`, then read the gate. Both sequentially
  // consistent, so one of us sees the other.
  parked.fetch_add(1);
  wake.wait(lock, ready);
  parked.fetch_sub(1);
  return !stopped.load();
}

void thread_pool::state::join_region() noexcept {
  gate_t g = gate.load();
  do {
    if ((g & gate_open) == 0) return;
  } while (!gate.compare_exchange_weak(g, g + 1));
  take_parts();
  if ((gate.fetch_sub(1) & gate_count) == 1 && caller_sleeps.load()) {
    { const std::lock_guard lock(mutex); }
    finished.notify_all();
  }
}

void thread_pool::state::work() noexcept {
  is_worker = true;
  gate_t seen = 0;
  while (wait_for_region(seen)) {
    seen = region_of(gate.load());
    join_region();
  }
}

thread_pool::thread_pool(unsigned threads) : threads_(threads), state_(std::make_unique<state>()) {
  if (threads > 1024)
    throw error(error_class::invalid_argument,
                "a pool of " + std::to_string(threads) + " threads; the limit is 1024");
  state_->cpus = usable_cpus();
  if (threads == 0) threads_ = default_thread_count(state_->cpus.size());
}

thread_pool::~thread_pool() {
  const pid_t owner = state_->owner.load();
  if (owner != 0 && owner != getpid()) {
    (void)state_.release();
    return;
  }
  stop();
}

void thread_pool::stop() noexcept {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped.store(true);
  }
  state_->wake.notify_all();
  for (std::thread& w : state_->workers) w.join();
  state_->workers.clear();
  state_->running.store(0);
}

bool thread_pool::awake() const noexcept { return state_->parked.load() < state_->running.load(); }

void thread_pool::allow_spinning(bool allowed) noexcept { state_->spinning.store(allowed); }

bool thread_pool::spinning_allowed() const noexcept { return state_->spinning.load(); }

void thread_pool::run(void* ctx, void (*call)(void*, std::int64_t part), std::int64_t parts) {
  if (parts <= 0) return;
  state& s = *state_;
  const auto alone = [&] {
    const inside mark;
    for (std::int64_t part = 0; part < parts; ++part) call(ctx, part);
  };
  if (parts == 1 || threads_ == 1 || inside_region || is_worker) return alone();
  const pid_t owner = s.owner.load();
  if (owner != 0 && owner != getpid()) {
    error::details d;
    d.hint = "use busfare in the parent only, or fork before its first parallel job, or exec in the child";
    throw error(error_class::unavailable,
                "the threads of this process's parent (pid " + std::to_string(owner) +
                    ") do not exist in the child of a fork",
                std::move(d));
  }
  // Somebody else's region: this one is finished sooner alone than in a queue. Ended: likewise.
  if (s.taken.exchange(true)) return alone();
  if (s.stopped.load()) {
    s.taken.store(false);
    return alone();
  }
  if (owner == 0) {
    try {
      s.start(threads_ - 1);
    } catch (...) {
      s.taken.store(false);
      throw;
    }
  }
  s.follow(current_cpu());

  s.ctx = ctx;
  s.call = call;
  s.parts = parts;
  s.failed.store(false, std::memory_order_relaxed);
  s.next.store(0, std::memory_order_relaxed);
  s.gate.store(region_of(s.gate.load()) + gate_region + gate_open);
  if (const int asleep = s.parked.load(); asleep > 0) {
    { const std::lock_guard lock(s.mutex); }
    if (parts - 1 >= asleep) {
      s.wake.notify_all();
    } else {
      for (std::int64_t i = 1; i < parts; ++i) s.wake.notify_one();
    }
  }
  s.take_parts();
  s.gate.fetch_and(~gate_open);
  s.wait_for_workers();
  std::exception_ptr failure = std::exchange(s.failure, nullptr);
  s.taken.store(false);
  if (failure) std::rethrow_exception(std::move(failure));
}

// Ends the workers when the process exits or the library is unloaded, but leaves the pool itself in place:
// destructors of the program's own statics may still ask for work.
struct thread_pool::exit_guard {
  thread_pool* pool;
  ~exit_guard() {
    state& s = *pool->state_;
    const pid_t owner = s.owner.load();
    if (owner == 0 || owner != getpid() || is_worker || inside_region) return;
    if (s.taken.exchange(true)) return;  // a detached thread is in a region: leave it alone
    pool->stop();
    s.taken.store(false);
  }
};

thread_pool& thread_pool::shared() {
  static thread_pool* const pool = new thread_pool;
  static const exit_guard guard{pool};
  return *pool;
}

}  // namespace busfare::pool
