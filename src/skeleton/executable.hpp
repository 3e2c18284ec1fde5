// The skeleton's executable: what `device::build` would make of a request.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <busfare/backend/executable.hpp>

namespace busfare::skeleton {

class executable final : public backend::executable {
 public:
  explicit executable(std::string log) : log_(std::move(log)) {}

  [[nodiscard]] std::string_view build_log() const override { return log_; }
  [[nodiscard]] bool from_cache() const override { return false; }

  /// Throws unavailable: there is nothing to run on.
  void run(const backend::launch& how);

 private:
  std::string log_;
};

}  // namespace busfare::skeleton
