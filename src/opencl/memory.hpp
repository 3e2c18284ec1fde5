// Buffers that the host has an address of: who owns them and whether they are mapped.
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>

#include <busfare/backend/executable.hpp>

#include "opencl/check.hpp"

namespace busfare::opencl {

/// The mapped and pinned buffers of one device. Any thread; the lock is held while a map or an unmap is
/// enqueued, never while one runs.
class memory_table {
 public:
  struct entry {
    void* host = nullptr;
    std::size_t bytes = 0;
    bool owns_host = false;  ///< `host` came from services.host_alloc
    bool is_mapped = false;  ///< the host has it: a kernel must not touch it before an unmap
  };

  explicit memory_table(const wall& w) : wall_(w) {}

  void add(cl_mem memory, const entry& e);
  /// Removes and returns; an empty entry for an unknown buffer.
  entry take(cl_mem memory) noexcept;

  /// What the host wrote becomes visible to the device. `done`, where not null, receives the event of the
  /// last command, which the caller owns; null where nothing had to be enqueued.
  void to_device(cl_command_queue queue, cl_mem memory, cl_event* done);
  /// What the device wrote becomes visible to the host.
  void to_host(cl_command_queue queue, cl_mem memory, cl_event* done);
  /// Unmaps if mapped: before a kernel or a copy command uses the buffer.
  void settle(cl_command_queue queue, cl_mem memory, cl_event* done);

 private:
  entry* find(cl_mem memory);
  void unmap(cl_command_queue queue, cl_mem memory, entry& e, cl_event* done);

  const wall& wall_;
  std::mutex guard_;
  std::unordered_map<cl_mem, entry> entries_;
};

}  // namespace busfare::opencl
