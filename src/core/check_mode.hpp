// Whether runs are checked, and what they found that nobody has taken yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <busfare/finding.hpp>

namespace busfare::core {

inline constexpr std::size_t findings_kept = 1000;  ///< in a receipt, and for `take_findings`

/// Adds to a receipt's list and to the list of `take_findings`, as far as they have room. Any thread.
void keep_findings(std::vector<finding>&& found, std::vector<finding>& of_run);
/// Since the start of the process.
std::uint64_t findings_counted();

}  // namespace busfare::core
