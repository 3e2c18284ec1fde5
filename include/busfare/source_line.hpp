// The user's file and line, carried by every recorded node.
#pragma once

namespace busfare {

/// Where a node was recorded. Not std::source_location: clang 14 lacks it and clang 15 reports the
/// declaration. `file` points at a string literal and is never freed. Default arguments call `here()`.
struct source_line {
  const char* file = "";
  unsigned line = 0;

  static constexpr source_line here(const char* file = __builtin_FILE(),
                                    unsigned line = __builtin_LINE()) noexcept {
    return {file, line};
  }
};

}  // namespace busfare
