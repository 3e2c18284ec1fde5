// The devices of this process: found, opened when first needed, and what is known of each.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <busfare/backend/module.hpp>
#include <busfare/plan.hpp>
#include <busfare/profile.hpp>
#include <busfare/runtime.hpp>

#include "core/graph.hpp"
#include "model/correction.hpp"
#include "model/kernel_time.hpp"
#include "model/recent_map.hpp"

namespace busfare::core {

/// One device. Everything but `released` is guarded by the run lock, which `build` of its device may do
/// without.
struct device_slot {
  int index = -1;
  backend::device_info info;
  const backend::module* from = nullptr;
  std::unique_ptr<backend::device> device;  ///< null until it is opened
  std::unique_ptr<backend::queue> compute, upload, download;
  std::optional<device_profile> profile;
  bool profile_measured = false;
  bool measuring = false;
  model::history history;
  model::correction run_overhead, read_overhead;  ///< of the profile's host times, learnt from short runs
  model::recent_map<std::string, std::unique_ptr<backend::executable>> built;
  std::unordered_set<std::string> warmed;            ///< those of `built` by `warm` and not launched yet
  model::recent_map<std::string, build_kind> asked;  ///< what the device said of kernels not built yet
  std::unordered_set<std::string> behind;            ///< ordered behind the scenes, and not taken in yet
  std::unordered_set<std::string> unbuildable;       ///< those that could not be built there
  /// Held around what builds, under the run lock or without it (builder.hpp): devices build one at a time.
  /// Recursive: measuring a device holds it, and builds. Who holds it alone may not wait for the run lock.
  std::recursive_mutex build_lock;
  std::vector<backend::block> spare;  ///< released blocks kept for reuse
  std::uint64_t spare_bytes = 0;

  static constexpr std::size_t kernel_limit = 1024;
  /// Drops all but the kernels used last. Between runs only: a queue may use those of a run until its end.
  void keep_recent_kernels();

  /// The host's own memory is this device's memory.
  [[nodiscard]] bool is_host() const { return info.dialect == "host" && info.shares_host_memory; }

  std::mutex release_lock;
  std::vector<std::pair<replica, std::shared_ptr<const void>>> released;
};

/// A module that offers no device, or a device that could not be opened.
struct missing_module {
  std::string name, reason, remedy;
};

/// The list. Made at first use and never destroyed: drivers may be gone when static destructors run.
class device_list {
 public:
  static device_list& shared();

  [[nodiscard]] std::vector<std::unique_ptr<device_slot>>& slots() { return slots_; }
  [[nodiscard]] const std::vector<missing_module>& missing() const { return missing_; }
  /// The slot of the host's own device ("cpu").
  device_slot& host();
  /// By name, "sim:h200-pcie5?slow=4" included. Throws unavailable naming the reason, the remedy and what
  /// exists.
  device_slot& find(std::string_view name);
  /// Opens the device if it is not open. Throws what opening throws.
  device_slot& open(device_slot& slot);
  /// Finds and opens; errors name the line.
  device_slot& open_named(std::string_view name, const source_line& line);
  /// A device made elsewhere (tests). Its name must be new.
  device_slot& add(std::unique_ptr<backend::device> device);

 private:
  device_list();
  void take(const backend::module* m);
  device_slot& append(std::unique_ptr<device_slot> slot);
  std::vector<std::unique_ptr<device_slot>> slots_;
  std::vector<missing_module> missing_;
  std::vector<void*> handles_;
};

/// Puts a device of the caller's into the list: for tests of this library.
BUSFARE_API void add_device(std::unique_ptr<backend::device> device);

/// The same on every device.
void keep_recent_kernels();

/// What BUSFARE_WAIT says of one wait for a device; zero: for ever. Nonsense leaves a note.
std::chrono::nanoseconds longest_wait();

/// What modules may ask for.
const backend::services& services();
/// Texts that modules and caches left for a person. Any thread.
void note(std::string_view text);
std::vector<std::string> take_notes();

/// Held while planning and running. Recursive: measuring a device runs kernels.
std::recursive_mutex& run_lock();

}  // namespace busfare::core
