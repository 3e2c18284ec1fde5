// A built kernel and how to launch it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <busfare/backend/executable.hpp>

#include "cuda/program_cache.hpp"

namespace busfare::cuda {

class executable final : public backend::executable {
 public:
  /// Throws kernel_build where the code has no such kernel, or where the device cannot run groups of the
  /// fold's lanes or of the request's division.
  executable(const context& c, memory& m, program_cache::built what, const backend::build_request& request);

  [[nodiscard]] std::string_view build_log() const override { return log_; }
  [[nodiscard]] bool from_cache() const override { return from_cache_; }

  /// The context is current. Throws invalid_argument where the arguments are not as many as the request's.
  void launch(CUstream s, const backend::launch& how);

 private:
  struct dimensions {
    unsigned grid[3] = {1, 1, 1}, block[3] = {1, 1, 1};
  };
  [[nodiscard]] dimensions divided(const backend::launch& how) const;
  void bind(const backend::launch& how);

  const context& context_;
  memory& memory_;
  std::shared_ptr<const loaded_code> code_;
  std::vector<backend::parameter> parameters_;
  backend::work work_;
  backend::division division_;
  std::uint64_t width_;  // map: elements of one thread's step
  unsigned threads_;     // of a group
  CUfunction kernel_ = nullptr;
  std::string log_;
  bool from_cache_;
  std::vector<std::uint64_t> values_;  // of the bound arguments, one a word
  std::vector<void*> pointers_;        // to them
};

}  // namespace busfare::cuda
