// What a backend exports and what it may ask for. Modules never link core.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <busfare/backend/device.hpp>

#define BUSFARE_ABI_TEXT_(x) #x
#define BUSFARE_ABI_TEXT(x) BUSFARE_ABI_TEXT_(x)
/// Compiler family's C++ ABI and standard library: core refuses a module whose text differs.
#if defined(_LIBCPP_VERSION)
#define BUSFARE_ABI "busfare-2 itanium libc++ " BUSFARE_ABI_TEXT(_LIBCPP_ABI_VERSION)
#elif defined(_GLIBCXX_USE_CXX11_ABI)
#define BUSFARE_ABI "busfare-2 itanium libstdc++ " BUSFARE_ABI_TEXT(_GLIBCXX_USE_CXX11_ABI)
#else
#define BUSFARE_ABI "busfare-2 itanium unknown"
#endif

namespace busfare::backend {

/// All that a module may ask of core. Every function may be called from any thread.
struct services {
  void* (*host_alloc)(std::size_t bytes);  ///< aligned to 64 bytes (2 MiB and huge-page-advised from 2 MiB
                                           ///< up); throws out_of_memory
  void (*host_free)(void* memory);         ///< accepts null
  void (*note)(std::string_view text);  ///< something a person should be able to read later; never an error
  /// The kernel cache on disk: true and the payload on a hit. `key` holds everything that decides the payload
  /// (device and driver, options, full source); it is compared byte for byte. Never throws.
  bool (*cache_get)(std::string_view key, std::vector<std::byte>& payload);
  void (*cache_put)(std::string_view key, const std::byte* payload, std::size_t bytes);
  /// Runs call(context, i) for i in [0, n) on the pool and the caller; returns when all are done.
  void (*parallel)(void* context, void (*call)(void*, int), int n);
  /// Opens another device through the seam (a simulated device wraps `cpu`). Throws unavailable.
  std::unique_ptr<device> (*open)(std::string_view name);
  /// How long a call of a module, or `event::wait` without a deadline, may wait for queued work. After it the
  /// call throws timeout, and the device counts as lost, since nobody knows what its work still uses. Zero:
  /// for ever.
  std::chrono::nanoseconds longest_wait{0};
};

struct probe_result {
  std::vector<device_info> devices;
  std::string unavailable;  ///< non-empty: why no device can be had
  std::string remedy;       ///< what the user can do about it
};

/// One per backend, returned by its exported C symbol `busfare_module` (loaded modules) or
/// `busfare_module_NAME` (builtin). `probe` never throws. `open` throws unavailable; `name` is as in
/// "opencl:0" or "sim:h200-pcie5?slow=8".
struct module {
  const char* abi;   ///< BUSFARE_ABI
  const char* name;  ///< "cpu", "opencl", "sim"
  probe_result (*probe)(const services& core);
  std::unique_ptr<device> (*open)(const services& core, std::string_view name);
};

}  // namespace busfare::backend
