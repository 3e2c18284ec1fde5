// The trace of a whole process: what runs leave in it, while it is recorded.
#pragma once

#include <chrono>

#include <busfare/trace.hpp>

namespace busfare::core {

/// Appends a run's spans, which count from `began`; a no-op unless traces are recorded. The run lock is held.
void keep_trace(const trace& of_run, std::chrono::steady_clock::time_point began);

/// Whether traces are recorded. The run lock is held.
bool is_recording_trace();

}  // namespace busfare::core
