// Fences of mapped buffers: maps and unmaps, never a copy of bytes where the device shares host memory.
#include "opencl/memory.hpp"

namespace busfare::opencl {

void memory_table::add(cl_mem memory, const entry& e) {
  const std::lock_guard lock(guard_);
  entries_[memory] = e;
}

memory_table::entry memory_table::take(cl_mem memory) noexcept {
  const std::lock_guard lock(guard_);
  const auto found = entries_.find(memory);
  if (found == entries_.end()) return {};
  const entry e = found->second;
  entries_.erase(found);
  return e;
}

memory_table::entry* memory_table::find(cl_mem memory) {
  const auto found = entries_.find(memory);
  return found == entries_.end() ? nullptr : &found->second;
}

void memory_table::unmap(cl_command_queue queue, cl_mem memory, entry& e, cl_event* done) {
  wall_.check(clEnqueueUnmapMemObject(queue, memory, e.host, 0, nullptr, done), "clEnqueueUnmapMemObject",
              e.bytes);
  e.is_mapped = false;
}

void memory_table::to_device(cl_command_queue queue, cl_mem memory, cl_event* done) {
  const std::lock_guard lock(guard_);
  entry* e = find(memory);
  if (e == nullptr) return;
  if (!e->is_mapped) {
    // The host wrote without having mapped it. Invalidating, the map itself moves nothing to the host, and
    // the unmap hands what the host wrote to a device that keeps a copy of its own.
    cl_int code = CL_SUCCESS;
    void* at = clEnqueueMapBuffer(queue, memory, CL_FALSE, CL_MAP_WRITE_INVALIDATE_REGION, 0, e->bytes, 0,
                                  nullptr, nullptr, &code);
    wall_.check(code, "clEnqueueMapBuffer", e->bytes);
    if (at != e->host) wall_.refuse(error_class::internal, "the driver mapped host memory somewhere else");
    e->is_mapped = true;
  }
  unmap(queue, memory, *e, done);
}

void memory_table::to_host(cl_command_queue queue, cl_mem memory, cl_event* done) {
  const std::lock_guard lock(guard_);
  entry* e = find(memory);
  if (e == nullptr || e->is_mapped) return;
  cl_int code = CL_SUCCESS;
  void* at = clEnqueueMapBuffer(queue, memory, CL_FALSE, CL_MAP_READ | CL_MAP_WRITE, 0, e->bytes, 0, nullptr,
                                done, &code);
  wall_.check(code, "clEnqueueMapBuffer", e->bytes);
  e->is_mapped = true;
  if (at != e->host) wall_.refuse(error_class::internal, "the driver mapped host memory somewhere else");
}

void memory_table::settle(cl_command_queue queue, cl_mem memory, cl_event* done) {
  const std::lock_guard lock(guard_);
  entry* e = find(memory);
  if (e != nullptr && e->is_mapped) unmap(queue, memory, *e, done);
}

}  // namespace busfare::opencl
