// Everything that the fake driver knows: settings, devices, contexts, the ledger of handles, planned
// failures.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <cuda.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fake_cuda/container.hpp"
#include "fake_cuda/fault_plan.hpp"
#include "fake_cuda/memory.hpp"
#include "fake_cuda/work.hpp"

namespace fake_cuda {

struct device_state {
  int ordinal = 0;
  std::uint64_t used = 0;           ///< cuMemAlloc
  std::uint64_t pool_used = 0;      ///< cuMemAllocAsync
  std::uint64_t pool_reserved = 0;  ///< used or kept for later
  std::uint64_t threshold = 0;
  CUresult gone = CUDA_SUCCESS;
  std::uint64_t primary = 0;  ///< handle of the live primary context
};

struct context {
  std::uint64_t serial = 0;  ///< its handle
  int device = 0;
  std::uint64_t retained = 0;
  CUresult broken = CUDA_SUCCESS;
  stream* null_stream = nullptr;
};

struct function {
  const kernel_entry* entry = nullptr;
  std::uint64_t module = 0;
};

struct module {
  std::uint64_t context = 0;
  void* library = nullptr;
  const kernel_entry* entries = nullptr;
  std::uint32_t shared_bytes = 0;
  std::vector<std::uint64_t> functions;
  std::vector<moment> uses;
};

/// Handles are numbers that no other handle had before, so that a dead one is always known as dead.
template <class T> class ledger {
 public:
  T* find(std::uint64_t handle) {
    const auto found = live_.find(handle);
    return found != live_.end() ? &found->second : nullptr;
  }
  T& add(std::uint64_t handle) { return live_[handle]; }
  void remove(std::uint64_t handle) { live_.erase(handle); }
  [[nodiscard]] std::uint64_t size() const { return live_.size(); }
  [[nodiscard]] const std::unordered_map<std::uint64_t, T>& all() const { return live_; }
  std::unordered_map<std::uint64_t, T>& all() { return live_; }

 private:
  std::unordered_map<std::uint64_t, T> live_;
};

struct world {
  explicit world(const settings& s);
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  std::uint64_t new_handle() { return handles += 16; }
  [[nodiscard]] bool was_a_handle(std::uint64_t h) const { return h >= first_handle && h <= handles; }
  [[nodiscard]] std::uint64_t in_use() const;
  context* make_primary(device_state& d);
  void destroy(context* c);
  void break_context(std::uint64_t serial, CUresult why);
  void unload(std::uint64_t handle);
  /// A sticky error goes out to the program.
  void note_loss() {
    if (loss_at == UINT64_MAX) loss_at = plan.calls();
  }
  void misuse(const std::string& what) { plan.misuse(what); }
  /// Says what is wrong with a handle that was not found.
  CUresult bad_handle(const char* call, const char* kind, std::uint64_t handle);
  /// Queues work whose effect may have been planned.
  work_ptr put(stream& s, std::function<CUresult()> run, std::vector<address> uses,
               std::vector<work_ptr> after = {});
  /// Memory that work may use: it must live, and where it is stream-ordered, live then.
  void check_use(const char* call, const memory_block& b, const known_past& past);
  /// What `wait_for` found: the context's error where it broke.
  CUresult wait_for(std::unique_lock<std::mutex>& lock, context* c, const work_ptr& w);
  /// Gives back what the pool keeps above the threshold, as every synchronisation does.
  void trim(device_state& d, std::uint64_t keep);

  static constexpr std::uint64_t first_handle = 0x00fa0000c0de0000;
  settings set;
  fault_plan plan;
  bool initialised = false;
  std::uint64_t handles = first_handle, loss_at = UINT64_MAX, leaked = 0, launches = 0;
  std::optional<fault> next_work;  ///< for the work that is queued next
  std::vector<device_state> devices;
  memory_map memory;
  scheduler schedule;
  ledger<context> contexts;
  ledger<stream*> streams;
  ledger<event> events;
  ledger<module> modules;
  ledger<function> functions;
};

std::mutex& world_lock();
std::condition_variable& world_changed();
/// Under the lock. Made at first use by the environment.
world& the_world();
void replace_world(const settings* s);
settings environment_settings();
extern bool shut_down;

/// What the thread has pushed.
std::vector<std::uint64_t>& context_stack();

/// One call of a driver function: takes the lock, notes the call, checks what every call checks, meets
/// faults.
class entry {
 public:
  enum class needs { nothing, driver, context };
  enum class frees { nothing, something };  ///< a call that releases does so also when it fails

  explicit entry(const char* name, needs n = needs::context, frees f = frees::nothing,
                 std::uint64_t bytes = 0);

  /// Return `result()` at once.
  [[nodiscard]] bool stopped() const { return stopped_; }
  [[nodiscard]] CUresult result(CUresult own = CUDA_SUCCESS);
  /// As `result`, for what the program should not have done.
  CUresult misused(CUresult own, const std::string& what);
  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] bool failing() const { return code_ != CUDA_SUCCESS; }

  std::unique_lock<std::mutex> lock;
  world& w;
  context* c = nullptr;

  /// The stream of a handle in the current context; null: the call is to return `result(bad)`.
  stream* find_stream(CUstream h, CUresult& bad);
  [[nodiscard]] device_state& device() const { return w.devices[static_cast<std::size_t>(c->device)]; }

 private:
  void meet(const fault& f);
  const char* name_;
  CUresult code_ = CUDA_SUCCESS;
  bool stopped_ = false;
};

template <class H> std::uint64_t number_of(H h) { return reinterpret_cast<std::uint64_t>(h); }

}  // namespace fake_cuda
