// The cpu as a device: its memory is the host's, its kernels are the packs of the user's translation units.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

#include <busfare/backend/device.hpp>
#include <busfare/backend/module.hpp>

namespace busfare::cpu {

/// What the cpu says about itself. Throws invalid_argument for nonsense in BUSFARE_ISA or BUSFARE_THREADS.
backend::device_info describe();

class device final : public backend::device {
 public:
  /// Throws as `describe`.
  explicit device(const backend::services& core);
  ~device() override;
  device(const device&) = delete;
  device& operator=(const device&) = delete;

  [[nodiscard]] const backend::device_info& info() const override;
  backend::block allocate(std::size_t bytes, backend::memory_kind kind) override;
  void release(const backend::block& memory) noexcept override;
  std::optional<backend::block> adopt(void* host, std::size_t bytes) override;
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override;
  std::unique_ptr<backend::queue> open(backend::engine which) override;
  std::string health() override;
  void* native() override;

 private:
  backend::services core_;
  isa isa_;
  backend::device_info info_;
  std::unordered_set<void*> owned_;  // what `allocate` made and `release` has not seen: the rest was adopted
};

}  // namespace busfare::cpu
