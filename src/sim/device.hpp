// A device behind a modelled link: real results from the cpu device, times from a profile.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

#include <busfare/backend/module.hpp>
#include <busfare/profile.hpp>

#include "sim/clock.hpp"

namespace busfare::sim {

/// The facts of a simulated device; `wrapped` null: as far as known without opening the cpu.
backend::device_info describe(const device_profile& profile, const backend::device_info* wrapped);

class device final : public backend::device {
 public:
  device(const backend::services& core, device_profile profile);
  ~device() override;
  device(const device&) = delete;
  device& operator=(const device&) = delete;

  [[nodiscard]] const backend::device_info& info() const override { return info_; }
  /// Device memory lies in the host's memory: throws out_of_memory beyond the profile's capacity and beyond
  /// what this host has.
  backend::block allocate(std::size_t bytes, backend::memory_kind kind) override;
  void release(const backend::block& memory) noexcept override;
  std::optional<backend::block> adopt(void*, std::size_t) override { return std::nullopt; }
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override;
  std::unique_ptr<backend::queue> open(backend::engine which) override;
  std::string health() override { return wrapped_->health(); }
  void* native() override { return nullptr; }

 private:
  backend::services core_;
  device_profile profile_;
  std::unique_ptr<backend::device> wrapped_;
  backend::device_info info_;
  std::shared_ptr<virtual_clock> clock_;
  std::map<void*, backend::block> owned_;
  std::uint64_t used_ = 0;  // bytes of device memory
};

}  // namespace busfare::sim
