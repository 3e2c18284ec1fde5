// One OpenCL device, opened: a context of its own.
#pragma once

#include <busfare/backend/module.hpp>

#include "opencl/memory.hpp"
#include "opencl/platform.hpp"
#include "opencl/program_cache.hpp"

namespace busfare::opencl {

class device final : public backend::device {
 public:
  /// Probes the device's arithmetic by running it, or reads the verdict of an earlier probe from the kernel
  /// cache. Blocks. Throws the classified error.
  device(const backend::services& core, const found_device& which);
  ~device() override;

  [[nodiscard]] const backend::device_info& info() const override { return found_.info; }
  backend::block allocate(std::size_t bytes, backend::memory_kind kind) override;
  void release(const backend::block& memory) noexcept override;
  std::optional<backend::block> adopt(void* host, std::size_t bytes) override;
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override;
  bool is_cached(const backend::build_request& what) override;
  std::unique_ptr<backend::queue> open(backend::engine which) override;
  std::string health() override { return wall_.lost(); }
  void* native() override { return context_.get(); }
  [[nodiscard]] backend::native_ids ids() override { return {"opencl", context_.get(), found_.id, -1}; }
  void* native_memory(const backend::block& memory) override;
  backend::block adopt_native(void* memory, std::size_t bytes, std::size_t alignment) override;
  std::unique_ptr<backend::event> mark_on(void* stream) override;
  void wait_on(void* stream, backend::event& e) override;

 private:
  void probe_arithmetic();
  void check_queue(void* stream, const char* call) const;
  bool maps_in_place(std::size_t offset);
  memory_handle create(cl_mem_flags flags, std::size_t bytes, void* host);
  backend::block wrap(void* host, std::size_t bytes, std::size_t buffer_bytes, bool owned);

  backend::services core_;
  found_device found_;
  wall wall_;
  context_handle context_;
  queue_handle service_;  // pins, unpins and probes
  memory_table memory_;
  program_cache programs_;
};

}  // namespace busfare::opencl
