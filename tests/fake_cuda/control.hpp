// What a test may ask of the fake CUDA driver and the fake NVRTC, and how it makes them fail.
#pragma once

#include <cstdint>
#include <dlfcn.h>

namespace fake_cuda {

/// When queued work runs. Every order that the streams and events allow is legal; a real device picks any.
enum class order : std::int32_t {
  random,  ///< now and then, in a seeded order
  late,    ///< only when somebody waits for it, and then only what that needs
  early,   ///< as it is queued
};

struct settings {
  std::int32_t devices = 1;
  std::int32_t capability = 90;  ///< 90: compute capability 9.0
  std::int32_t driver_version = 13000;
  std::int32_t multiprocessors = 3;
  std::uint64_t memory = std::uint64_t{4} << 30;  ///< bytes of each device; at most 32 GiB
  bool integrated = false;  ///< shares the host's memory: kernels take every host address
  order when = order::random;
  std::uint64_t seed = 1;
};

enum class effect : std::int32_t {
  code,        ///< the call returns `code` and does nothing; a releasing call releases all the same
  sticky,      ///< the context is broken: this call and every later one returns `code`
  late_error,  ///< the next queued work, this call's if it queues some, breaks the context when it runs
  gone,        ///< the device is gone: as sticky, and no new context can be had
  late,        ///< the next queued work is done only after `queries` queries for it (or by a blocking wait)
  hang,        ///< the next queued work is never done
};

/// Fits the `nth` call from now on that has the name and the size; `every` 0: once; n: each nth one after it.
struct fault {
  const char* function = nullptr;  ///< "cuLaunchKernel", as exported; null: any
  std::uint64_t nth = 1;
  std::uint64_t every = 0;
  effect what = effect::code;
  std::int32_t code = 0;  ///< CUresult or nvrtcResult
  std::uint64_t queries = 0;
  std::uint64_t above_bytes = 0;  ///< not 0: only allocations that would bring all memory in use above this
};

/// Live handles and work. `leaked` handles were alive when their context or process state was taken away.
struct census {
  std::uint64_t contexts = 0, streams = 0, events = 0, modules = 0;
  std::uint64_t device_blocks = 0, pool_blocks = 0, pinned_blocks = 0, bytes = 0;
  std::uint64_t queued = 0;
  std::uint64_t leaked = 0;
  [[nodiscard]] std::uint64_t handles() const {
    return contexts + streams + events + modules + device_blocks + pool_blocks + pinned_blocks;
  }
};

/// All functions may be called from any thread. Texts live until `reset`.
struct driver_control {
  void (*reset)(const settings* s);  ///< as before cuInit, nothing alive, no plan; null: by the environment
  void (*plan)(const fault* f);      ///< one more
  void (*clear_plan)();
  std::uint64_t (*calls)();                      ///< since `reset`
  const char* (*call_name)(std::uint64_t call);  ///< 0 to calls() - 1
  census (*alive)();
  std::uint64_t (*misuse_count)();  ///< what a program must not do, whatever the driver made of it
  const char* (*misuse)(std::uint64_t which);
  std::uint64_t (
      *calls_at_loss)();        ///< calls made when the first sticky error was returned; UINT64_MAX: none was
  void (*release_hung)();       ///< work that hangs goes on
  std::uint64_t (*launches)();  ///< kernels that ran
};

struct compiler_control {
  void (*reset)();
  void (*plan)(const fault* f);
  void (*clear_plan)();
  std::uint64_t (*calls)();
  const char* (*call_name)(std::uint64_t call);
  std::uint64_t (*programs)();  ///< not destroyed
  std::uint64_t (*misuse_count)();
  const char* (*misuse)(std::uint64_t which);
  const char* (*compiler)();      ///< the C++ compiler; empty: none was found and nothing can be compiled
  std::uint64_t (*compiled)();    ///< successful calls of nvrtcCompileProgram
  std::uint64_t (*from_cache)();  ///< of these, without the compiler
  std::uint64_t (*other_bits)();  ///< of these, without the options that same bits need
  const char* (*last_options)();  ///< of the last nvrtcCompileProgram, joined by blanks
};

/// The control of a fake that this process has loaded already; null where it has loaded the real library.
inline const driver_control* loaded_driver() {
  void* const library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
  void* const found = library != nullptr ? dlsym(library, "fake_cuda_control") : nullptr;
  return found != nullptr ? reinterpret_cast<const driver_control* (*)()>(found)() : nullptr;
}
inline const compiler_control* loaded_compiler() {
  void* const library = dlopen("libnvrtc.so.13", RTLD_NOW | RTLD_NOLOAD);
  void* const found = library != nullptr ? dlsym(library, "fake_nvrtc_control") : nullptr;
  return found != nullptr ? reinterpret_cast<const compiler_control* (*)()>(found)() : nullptr;
}

}  // namespace fake_cuda
