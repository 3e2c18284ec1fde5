// One GPU, opened: its primary context, retained.
#pragma once

#include <unordered_set>

#include <busfare/backend/module.hpp>

#include "cuda/event.hpp"
#include "cuda/memory.hpp"
#include "cuda/platform.hpp"
#include "cuda/program_cache.hpp"

namespace busfare::cuda {

class device final : public backend::device {
 public:
  /// Probes the device's arithmetic by running it, or reads the verdict of an earlier probe from the kernel
  /// cache. Blocks. Throws the classified error.
  device(const backend::services& core, const driver& d, const nvrtc& compiler, const found_device& which);
  ~device() override;

  [[nodiscard]] const backend::device_info& info() const override { return found_.info; }
  backend::block allocate(std::size_t bytes, backend::memory_kind kind) override;
  void release(const backend::block& memory) noexcept override;
  std::optional<backend::block> adopt(void* host, std::size_t bytes) override;
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override;
  std::unique_ptr<backend::queue> open(backend::engine which) override;
  std::string health() override { return wall_.lost(); }
  void* native() override { return context_.native(); }
  [[nodiscard]] backend::native_ids ids() override {
    return {"cuda", context_.native(), nullptr, found_.ordinal};
  }
  void* native_memory(const backend::block& memory) override {
    return static_cast<std::byte*>(memory.handle) + memory.offset;
  }
  backend::block adopt_native(void* memory, std::size_t bytes, std::size_t alignment) override;
  std::unique_ptr<backend::event> mark_on(void* stream) override;
  void wait_on(void* stream, backend::event& e) override;

 private:
  void probe_arithmetic();

  backend::services core_;
  found_device found_;
  wall wall_;
  context context_;
  event_pool events_;
  device_clock clock_;
  memory memory_;
  program_cache programs_;
  std::unordered_set<void*> mapped_;  // allocated here, not adopted
};

}  // namespace busfare::cuda
