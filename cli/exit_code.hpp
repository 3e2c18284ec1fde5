// How the program ends, and how a subcommand says why.
#pragma once

#include <stdexcept>
#include <string>

namespace busfare::cli {

inline constexpr int exit_ok = 0, exit_failed = 1, exit_usage = 2, exit_no_device = 3;
// What a signal stopped ends with 128 and the signal: 130 after Ctrl-C.

/// Ends the program with this code and this message on stderr.
class failure : public std::runtime_error {
 public:
  failure(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  int code_;
};

}  // namespace busfare::cli
