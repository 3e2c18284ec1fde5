// The harness: measures every (operation, size, device), interleaving the devices.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operation.hpp"
#include "result.hpp"

namespace busfare::bench {

/// What a fresh process with empty caches measured of its first call.
struct cold_times {
  double cold = 0, build = 0;
};

/// How much is measured, and what the harness asks of its program. The functions may be empty: those columns
/// are null.
struct settings {
  bool quick = true;
  std::vector<std::string> devices;  ///< names that exist
  busfare::math math = busfare::math::exact;
  std::vector<std::uint64_t> sizes;  ///< instead of the operation's own; empty: its own
  double row_budget_s = 0.1;         ///< of warm samples, and half of it for resident ones
  int least_samples = 5, most_samples = 40;
  // The two budgets begin with the second operation: the first one is always measured whole.
  double cold_budget_s = 38;   ///< after so much time in all, cold processes are left out; 0: no limit
  double total_budget_s = 48;  ///< after so much, one-thread processes too; 0: no limit
  std::function<void(const std::string&)> progress;
  /// Throws busfare::error where the child failed.
  std::function<cold_times(const operation&, std::uint64_t size, const std::string& device)> cold;
  /// Seconds of a warm call on one thread, by size. Sizes that failed are missing.
  std::function<std::map<std::uint64_t, double>(const operation&, const std::vector<std::uint64_t>&)>
      one_thread;
};

/// Measures operations one after the other; remembers devices, their profiles and the time spent.
class harness {
 public:
  explicit harness(settings how);
  /// All rows of one operation, by size and then device. A device that fails gives a row with the error's
  /// text; only std::bad_alloc of the harness itself gets out. Blocks for seconds.
  std::vector<row> measure(const operation& op);

 private:
  struct seat;
  void warm_rounds(std::vector<seat>& seats);
  void resident_rounds(std::vector<seat>& seats);
  void finish(seat& s, const operation& op);
  void add_cold(std::vector<row>& rows, const operation& op);
  [[nodiscard]] bool late(double budget_s) const;
  void say(const std::string& what) const;

  settings how_;
  double begin_;
  std::map<std::string, place> places_;
  std::map<std::string, std::string> broken_;  ///< devices that could not be profiled, and why
  int threads_ = 0;
  int measured_ = 0;  ///< operations
};

/// Middle of the samples; 0 for none.
double median_of(std::vector<double> samples);
/// Where a device stands: its profile, measured now if there is none. Throws unavailable.
place place_of(const std::string& device, math m = math::exact);
/// Throws out_of_memory or invalid_argument where a job of this size cannot be tried on this machine.
void check_size(const operation& op, std::uint64_t size);
/// The first call in this process.
cold_times measure_cold(const operation& op, std::uint64_t size, const std::string& device,
                        math m = math::exact);
/// Median of warm calls on the cpu device, within the budget.
double measure_warm_cpu(const operation& op, std::uint64_t size, double budget_s, math m = math::exact);

}  // namespace busfare::bench
