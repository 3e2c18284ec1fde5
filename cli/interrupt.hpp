// Ctrl-C as a question that a loop asks.
#pragma once

#include <signal.h>

namespace busfare::cli {

/// While one lives, the first SIGINT or SIGTERM is only noted; the second ends the process as ever. A signal
/// that the process ignores stays ignored. At most one at a time.
class interrupt {
 public:
  interrupt();
  ~interrupt();
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;
  /// The signal that came, or 0.
  [[nodiscard]] static int seen() noexcept;

 private:
  struct sigaction before_[2] = {};
};

}  // namespace busfare::cli
