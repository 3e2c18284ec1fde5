// Queued work: streams, events, and who runs what when.
#pragma once

#include <cstdint>
#include <cuda.h>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "fake_cuda/control.hpp"
#include "fake_cuda/memory.hpp"

namespace fake_cuda {

struct work {
  std::uint64_t context = 0;  ///< serial
  moment at;
  known_past past;                           ///< itself included
  std::vector<std::shared_ptr<work>> after;  ///< done before this runs
  std::vector<address> uses;
  std::function<CUresult()> run;  ///< an error breaks the context; may be empty
  CUresult breaks = CUDA_SUCCESS;
  std::uint64_t late = 0;   ///< queries to go
  std::uint64_t asked = 0;  ///< queries so far
  bool hangs = false, done = false;
  std::int64_t time = 0;  ///< ns, when it was done
};
using work_ptr = std::shared_ptr<work>;

struct stream {
  std::uint32_t number = 0;
  std::uint64_t context = 0;  ///< serial
  bool blocking = true;       ///< ordered with the null stream
  bool null = false;
  bool closed = false;  ///< destroyed; what is queued still runs
  std::deque<work_ptr> queue;
  work_ptr last;
};

struct event {
  std::uint64_t context = 0;
  unsigned flags = 0;
  work_ptr recorded;
};

/// Owned by the world and used under its lock.
class scheduler {
 public:
  scheduler(order when, std::uint64_t seed, memory_map& memory)
      : when_(when), random_(seed), memory_(memory) {}
  ~scheduler();
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  stream* open(std::uint64_t context, bool blocking, bool null);
  void close(stream* s);
  /// Sets the order of `w` after its stream's and `w.after`. Does not run it.
  void put(stream& s, const work_ptr& w);
  /// What a driver does on its own while the host calls: nothing, something, or everything.
  void drift();
  /// Runs until `w` is done; false: it hangs.
  bool run_until(const work_ptr& w);
  /// One query for `w`.
  bool query(const work_ptr& w);
  /// All that can run.
  void run_all();
  /// What the host may rely on after it saw `w` done.
  void saw(const work& w) { host_past_.add(w.past); }
  [[nodiscard]] const known_past& host_past() const { return host_past_; }
  /// Work of a broken or destroyed context never runs and is done.
  void drop(std::uint64_t context);
  void release_hung();
  [[nodiscard]] std::uint64_t queued() const;
  [[nodiscard]] std::uint64_t random() { return random_(); }
  /// Called with the context and the error when work fails.
  std::function<void(std::uint64_t, CUresult)> broke;

 private:
  std::vector<work_ptr> needs_of(const work_ptr& w) const;
  static bool ready(const work& w, bool waiting);
  bool run_some(std::uint64_t most, const std::vector<work_ptr>* among, bool waiting);
  void run(stream& s);
  void finish(const work_ptr& w);

  order when_;
  std::mt19937_64 random_;
  memory_map& memory_;
  std::vector<std::unique_ptr<stream>> streams_;
  std::uint32_t made_ = 0;
  known_past host_past_;
  std::int64_t now_ = 0;
};

}  // namespace fake_cuda
