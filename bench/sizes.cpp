// What this machine can hold, and medians.
#include <algorithm>
#include <fstream>

#include <busfare/error.hpp>

#include "measure.hpp"

namespace busfare::bench {
namespace {

// Bytes that new work may take; 0 where the system does not say.
double available_memory() {
  std::ifstream in("/proc/meminfo");
  std::string key, unit;
  double kib = 0;
  while (in >> key >> kib) {
    std::getline(in, unit);
    if (key == "MemAvailable:") return kib * 1024;
  }
  return 0;
}

std::string gib(double bytes) {
  const auto tenths = static_cast<long long>(bytes / 1073741824.0 * 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GiB";
}

}  // namespace

double median_of(std::vector<double> samples) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const std::size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

void check_size(const operation& op, std::uint64_t size) {
  if (size == 0) throw error(error_class::invalid_argument, "a size is at least 1");
  if (size > op.max_size) {
    throw error(error_class::invalid_argument, op.name + " takes at most " + std::to_string(op.max_size) +
                                                   " elements, not " + std::to_string(size));
  }
  // Device replicas of the cpu and of OpenCL CPUs share the host's memory: twice the arrays.
  const double needed = 2 * op.host_bytes(size), here = available_memory();
  if (here > 0 && needed > 0.8 * here) {
    throw error(error_class::out_of_memory, op.name + " with " + std::to_string(size) +
                                                " elements needs about " + gib(needed) + " of host memory, " +
                                                gib(here) + " are free");
  }
}

}  // namespace busfare::bench
