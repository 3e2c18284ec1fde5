// The machine and the build that figures belong to.
#pragma once

#include <cstdint>
#include <string>

namespace busfare::cli {

struct machine_facts {
  std::string cpu, os;
  int threads = 0;  ///< that this process may use
  std::uint64_t memory_bytes = 0;
};
machine_facts this_machine();

/// `git describe` of the source when it was configured; "unknown" without it.
const char* commit_of_build() noexcept;
/// "2026-11-23T11:22:41Z", now.
std::string date_now();

}  // namespace busfare::cli
