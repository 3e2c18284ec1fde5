// Remarks about traces of this thread that are worth telling the user (a kernel that grew large).
#pragma once

#include <string>
#include <vector>

namespace busfare::core {

/// Hands over this thread's remarks since the last call, oldest first; at most 64 are kept.
std::vector<std::string> take_trace_notes();

}  // namespace busfare::core
