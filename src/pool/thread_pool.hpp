// The thread pool: a few workers that help whoever calls `run`, and that never make the caller wait to start.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include <busfare/config.hpp>

namespace busfare::pool {

/// Workers that take parts of a region beside the calling thread. No thread starts before the first region
/// with more than one part; idle workers spin for about 80 us and then sleep in the kernel.
///
/// Threads: `run` may be called by any number of threads; one region at a time is shared with the workers,
/// and whoever finds them taken runs its parts alone. Calls from inside a part run alone as well. After
/// `fork` the child has no workers: a region there throws `unavailable` if the parent had started them.
class BUSFARE_API thread_pool {
 public:
  /// `threads` counts the caller (1 to 1024); 0: the value of BUSFARE_THREADS, else the size of the CPU set
  /// (the calling thread's affinity mask, or OpenMP's places where OpenMP has bound it). Throws
  /// invalid_argument, also for a BUSFARE_THREADS that is no number from 1 to 1024.
  explicit thread_pool(unsigned threads = 0);
  /// Blocks until the workers have ended. No region may be under way.
  ~thread_pool();
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  [[nodiscard]] unsigned threads() const noexcept { return threads_; }

  /// Whether a worker is awake now, so that sharing work costs a fraction of a microsecond and not a wake-up.
  [[nodiscard]] bool awake() const noexcept;

  /// False: workers sleep as soon as they are idle. For the time in which another runtime (an OpenCL CPU)
  /// needs the cores. Initially true.
  void allow_spinning(bool allowed) noexcept;
  [[nodiscard]] bool spinning_allowed() const noexcept;

  /// Calls call(ctx, part) once for each part in [0, parts), on this thread and on workers, in no order;
  /// returns when all have ended. The first exception of a part is thrown here; parts that nobody has begun
  /// by then are skipped. Throws `unavailable` in the child of a fork.
  void run(void* ctx, void (*call)(void*, std::int64_t part), std::int64_t parts);

  /// `run` for anything callable with a part's number.
  template <class F> void for_each_part(std::int64_t parts, F&& f) {
    using callable = std::remove_reference_t<F>;
    run(
        const_cast<void*>(static_cast<const void*>(std::addressof(f))),
        [](void* ctx, std::int64_t part) { (*static_cast<callable*>(ctx))(part); }, parts);
  }

  /// The pool of this process, made at the first call (which throws like the constructor). Its workers end
  /// when the process exits; regions after that run on their caller alone.
  static thread_pool& shared();

 private:
  struct state;
  struct exit_guard;
  void stop() noexcept;

  unsigned threads_;
  std::unique_ptr<state> state_;
};

}  // namespace busfare::pool
