// The cpu behind the seam, far away and wrong on purpose: every conformance case must fail on it.
#pragma once

#include <memory>
#include <string>

#include <busfare/backend/device.hpp>

namespace conformance {

enum class fault {
  none,           ///< right: proves that the wrapper itself is
  wrong_row,      ///< one element of each result has one bit wrong
  stale_replica,  ///< a download gives what the memory held before any launch wrote it
  lost_tail,      ///< the last element of a launch is forgotten
};

constexpr const char* name_of(fault f) noexcept {
  constexpr const char* names[] = {"none", "wrong_row", "stale_replica", "lost_tail"};
  return names[static_cast<int>(f)];
}

/// A device called "faulty:NAME" that wraps the cpu but shares no memory with the host, so that everything
/// crosses.
std::unique_ptr<busfare::backend::device> make_faulty_device(fault f);

}  // namespace conformance
