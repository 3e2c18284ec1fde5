// Ctrl-C as a question: a long command ends with what it has.
#pragma once

namespace busfare::cli {

/// While it lives, the first SIGINT only makes `requested` true; a second one ends the process. One at a
/// time.
class interrupt {
 public:
  interrupt();
  ~interrupt();
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;
  [[nodiscard]] static bool requested() noexcept;
};

}  // namespace busfare::cli
