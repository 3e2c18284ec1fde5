// An in-order command queue with profiling.
#pragma once

#include <cstdint>

#include <busfare/backend/queue.hpp>

#include "opencl/memory.hpp"

namespace busfare::opencl {

class queue final : public backend::queue {
 public:
  /// Blocks for four tiny writes, from which the offset of the device's profiling clock is taken.
  queue(const wall& w, memory_table& memory, cl_context context, cl_device_id device);

  void copy(const backend::block& to, const backend::block& from, std::size_t bytes) override;
  void run(backend::executable& what, const backend::launch& how) override;
  void wait_for(backend::event& e) override;
  std::unique_ptr<backend::event> mark() override;
  void flush() override;
  void* native() override { return queue_.get(); }

 private:
  void measure_clock(cl_context context);
  void track(cl_event e) noexcept;
  bool fence(const backend::block& to, const backend::block& from);
  void settle(const backend::block& b);

  const wall& wall_;
  memory_table& memory_;
  queue_handle queue_;
  event_handle first_, last_;  // of the commands since the last mark
  std::int64_t clock_offset_ = 0;
  bool has_clock_ = false;
};

/// A new in-order queue with profiling. Throws unavailable where the device cannot profile.
queue_handle make_queue(const wall& w, cl_context context, cl_device_id device);

}  // namespace busfare::opencl
