// The CPUs that the pool may use, and the affinity calls around them. Empty where the system has none.
#pragma once

#include <thread>
#include <vector>

namespace busfare::pool {

/// CPU numbers, ascending. The calling thread's affinity mask; where OpenMP has bound this thread to one
/// place, the union of its places. Empty: unknown.
std::vector<int> usable_cpus();

/// The CPU that the calling thread is on; -1: unknown.
int current_cpu() noexcept;

/// Lets `thread` run on `cpus` but not on `except` (-1: on all). Does nothing where that leaves no CPU, and
/// keeps the old mask where the system refuses: affinity makes things faster, never right.
void keep_on(std::thread::native_handle_type thread, const std::vector<int>& cpus, int except) noexcept;

}  // namespace busfare::pool
