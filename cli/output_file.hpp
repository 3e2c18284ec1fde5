// A file that is written whole or not at all.
#pragma once

#include <string>
#include <string_view>

namespace busfare::cli {

/// Checked when it is made, before anything is computed; written by `write` to a neighbour that is renamed.
/// Devices and pipes (/dev/null) are written in place. Throws failure(exit_failed) with the file's name and
/// the reason.
class output_file {
 public:
  /// An empty name: `write` does nothing.
  explicit output_file(std::string name);
  void write(std::string_view bytes) const;
  [[nodiscard]] bool wanted() const noexcept { return !name_.empty(); }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
  bool in_place_ = false;
};

}  // namespace busfare::cli
