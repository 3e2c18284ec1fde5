// The skeleton's device: memory that is the host's, and no compiler.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <busfare/backend/device.hpp>
#include <busfare/backend/module.hpp>

namespace busfare::skeleton {

class device final : public backend::device {
 public:
  /// `core` outlives the device.
  device(const backend::services& core, backend::device_info info);

  [[nodiscard]] const backend::device_info& info() const override { return info_; }
  backend::block allocate(std::size_t bytes, backend::memory_kind kind) override;
  void release(const backend::block& memory) noexcept override;
  std::optional<backend::block> adopt(void* host, std::size_t bytes) override;
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override;
  std::unique_ptr<backend::queue> open(backend::engine which) override;
  std::string health() override;
  void* native() override { return nullptr; }

 private:
  const backend::services& core_;
  backend::device_info info_;
};

}  // namespace busfare::skeleton
