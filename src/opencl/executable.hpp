// A built kernel and how to launch it.
#pragma once

#include <string>
#include <vector>

#include <busfare/backend/executable.hpp>

#include "opencl/check.hpp"

namespace busfare::opencl {

class executable final : public backend::executable {
 public:
  /// What the launch geometry needs to know of the device.
  struct limits {
    bool is_cpu;
    std::size_t work_group;     ///< items of one group
    std::size_t work_items[3];  ///< items of one group along each dimension
    unsigned address_bits;
    unsigned compute_units;  ///< by which maps whose items take shares are divided
  };

  /// Throws kernel_build where the program has no such kernel, where its argument count is not the request's,
  /// or where the device cannot run groups of the fold's lanes or of the request's division.
  executable(const wall& w, cl_device_id device, const program_handle& program,
             const backend::build_request& what, const limits& l, std::string log, bool from_cache);

  [[nodiscard]] std::string_view build_log() const override { return log_; }
  [[nodiscard]] bool from_cache() const override { return from_cache_; }

  /// Sets the arguments. Throws invalid_argument where their number differs from the request's.
  void bind(const backend::launch& how);
  /// Enqueues the launch that was bound, in as many commands as it takes; `each` receives the event of each
  /// command and owns it.
  void enqueue(cl_command_queue queue, const backend::launch& how, void (*each)(void*, cl_event),
               void* receiver);

 private:
  void enqueue_divided(cl_command_queue queue, const backend::launch& how, void (*each)(void*, cl_event),
                       void* receiver);
  void set(cl_uint index, std::size_t bytes, const void* value);

  const wall& wall_;
  kernel_handle kernel_;
  std::vector<backend::parameter> parameters_;
  backend::work work_;
  backend::division division_;
  std::size_t local_;                                  // items of a group
  std::uint64_t items_a_block_;                        // fold: work items of one tree block
  std::uint64_t width_ = 1, most_items_ = UINT64_MAX;  // map: elements of an item's step, items of a launch
  unsigned address_bits_;
  std::string log_;
  bool from_cache_;
};

}  // namespace busfare::opencl
