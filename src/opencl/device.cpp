// Memory, builds and queues of one OpenCL device.
#include "opencl/device.hpp"

#include <algorithm>

#include "opencl/event.hpp"
#include "opencl/exactness.hpp"
#include "opencl/executable.hpp"
#include "opencl/queue.hpp"

namespace busfare::opencl {

namespace {

using backend::block;
using backend::memory_kind;

constexpr std::size_t malloc_alignment = 16;

context_handle make_context(const wall& w, const found_device& f) {
  const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                              reinterpret_cast<cl_context_properties>(f.platform), 0};
  cl_int code = CL_SUCCESS;
  context_handle c(clCreateContext(properties, 1, &f.id, nullptr, nullptr, &code));
  w.check(code, "clCreateContext");
  return c;
}

// Never -cl-fast-relaxed-math or its parts: NaN and infinities keep their meaning, and OpenCL 1.2 bounds no
// error of what -cl-mad-enable makes. Contraction is switched off, or on, in the source.
program_cache::recipes options_for(const found_device& f) {
  std::string common = "-cl-std=CL1.2";
  if (f.is_cpu) common += " -D BUSFARE_STREAM_FROM=" + std::to_string(f.cache / 4 * 3) + "UL";
  return {common + (f.correctly_rounded_option ? " -cl-fp32-correctly-rounded-divide-sqrt" : ""), common};
}

}  // namespace

device::device(const backend::services& core, const found_device& which)
    : core_(core),
      found_(which),
      wall_(which.info.name, core.longest_wait, which.runs_in_waits),
      context_(make_context(wall_, which)),
      service_(make_queue(wall_, context_.get(), which.id)),
      memory_(wall_),
      programs_(wall_, core, context_.get(), which.id, which.info.fingerprint, options_for(which),
                which.keeps_programs) {
  if (found_.info.shares_host_memory && !maps_in_place(0)) {
    found_.info.shares_host_memory = false;
    if (core_.note != nullptr)
      core_.note(found_.info.name + " claims to share host memory but maps it elsewhere: it is given copies");
  }
  // A CPU reads what malloc gives as well as anything; others want whole lines.
  if (found_.info.shares_host_memory && found_.is_cpu && maps_in_place(malloc_alignment))
    found_.info.host_alignment = malloc_alignment;
  probe_arithmetic();
}

device::~device() = default;

void device::probe_arithmetic() {
  const std::string key = "opencl probe 2\n" + found_.info.fingerprint + "\n" + programs_.options();
  std::vector<std::byte> verdict;
  backend::arithmetic found;
  if (core_.cache_get != nullptr && core_.cache_get(key, verdict) && verdict.size() == 1) {
    found = backend::arithmetic::from_bits(std::to_integer<unsigned>(verdict[0]));
  } else {
    found = probe_exactness(wall_, programs_, context_.get(), service_.get(), found_.info.f64, found_.is_cpu);
    const auto byte = static_cast<std::byte>(found.bits());
    if (core_.cache_put != nullptr) core_.cache_put(key, &byte, 1);
  }
  if (!found.basic && core_.note != nullptr)
    core_.note(
        found_.info.name +
        " gives inexact sums, products or fma, or contracts them: its bits differ from other devices'");
  // There is no flag for a device whose very sums are wrong; this one keeps the same programs away from it.
  found_.info.exact_div_sqrt = found.div_sqrt && found.basic;
  found_.info.denormals = found.denormals;
}

// A device that says it shares memory is not believed where a map gives another address than the host's.
bool device::maps_in_place(std::size_t offset) {
  constexpr std::size_t bytes = 4096;
  void* const block = core_.host_alloc(offset + bytes);
  void* const host = static_cast<std::byte*>(block) + offset;
  bool in_place = false;
  {
    cl_int code = CL_SUCCESS;
    const memory_handle m(
        clCreateBuffer(context_.get(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR, bytes, host, &code));
    if (code == CL_SUCCESS) {
      void* at = clEnqueueMapBuffer(service_.get(), m.get(), CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes, 0,
                                    nullptr, nullptr, &code);
      in_place = code == CL_SUCCESS && at == host;
      if (code == CL_SUCCESS) clEnqueueUnmapMemObject(service_.get(), m.get(), at, 0, nullptr, nullptr);
      clFinish(service_.get());
    }
  }
  core_.host_free(block);
  return in_place;
}

memory_handle device::create(cl_mem_flags flags, std::size_t bytes, void* host) {
  cl_int code = CL_SUCCESS;
  memory_handle m(clCreateBuffer(context_.get(), CL_MEM_READ_WRITE | flags, bytes, host, &code));
  wall_.check(code, "clCreateBuffer", std::uint64_t{bytes});
  return m;
}

block device::wrap(void* host, std::size_t bytes, std::size_t buffer_bytes, bool owned) {
  memory_handle m = create(CL_MEM_USE_HOST_PTR, buffer_bytes, host);
  memory_.add(m.get(), {host, buffer_bytes, owned, false});
  return {m.release(), 0, bytes, memory_kind::mapped, host};
}

block device::allocate(std::size_t bytes, memory_kind kind) {
  wall_.require_alive();
  if (bytes > found_.info.capacity)
    wall_.refuse(error_class::out_of_memory, "an allocation of " + std::to_string(bytes) +
                                                 " bytes is more than the device's " +
                                                 std::to_string(found_.info.capacity));
  const std::size_t least = bytes == 0 ? 1 : bytes;  // OpenCL has no empty buffer
  switch (kind) {
    case memory_kind::device:
      return {create(0, least, nullptr).release(), 0, bytes, kind, nullptr};
    case memory_kind::pageable: {
      void* host = core_.host_alloc(least);
      return {host, 0, bytes, kind, host};
    }
    case memory_kind::mapped: {
      if (!found_.info.shares_host_memory)
        wall_.refuse(error_class::invalid_argument, "mapped memory was asked of a device that shares none");
      const std::size_t rounded = (least + 63) / 64 * 64;  // some drivers map only whole lines in place
      void* host = core_.host_alloc(rounded);
      try {
        return wrap(host, bytes, rounded, true);
      } catch (...) {
        core_.host_free(host);
        throw;
      }
    }
    case memory_kind::pinned: {
      memory_handle m = create(CL_MEM_ALLOC_HOST_PTR, least, nullptr);
      cl_int code = CL_SUCCESS;
      void* host = clEnqueueMapBuffer(service_.get(), m.get(), CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, least,
                                      0, nullptr, nullptr, &code);
      wall_.check(code, "clEnqueueMapBuffer", std::uint64_t{least});
      memory_.add(m.get(), {host, least, false, true});
      return {m.release(), 0, bytes, kind, host};
    }
  }
  wall_.refuse(error_class::internal, "an unknown kind of memory was asked for");
}

void device::release(const block& memory) noexcept {
  if (memory.handle == nullptr) return;
  if (memory.kind == memory_kind::pageable) {
    core_.host_free(memory.handle);
    return;
  }
  const auto buffer = static_cast<cl_mem>(memory.handle);
  memory_table::entry e;
  if (memory.kind != memory_kind::device) e = memory_.take(buffer);
  if (e.is_mapped) {
    wall_.quietly(clEnqueueUnmapMemObject(service_.get(), buffer, e.host, 0, nullptr, nullptr),
                  "clEnqueueUnmapMemObject");
    // Before its host memory goes; where nobody can tell that it is unused, it stays for good.
    const cl_int ended = finish(wall_, service_.get());
    wall_.quietly(ended, "clFinish");
    if (ended == hung_code) e.owns_host = false;
  }
  wall_.quietly(clReleaseMemObject(buffer), "clReleaseMemObject");
  if (e.owns_host) core_.host_free(e.host);
}

std::optional<block> device::adopt(void* host, std::size_t bytes) {
  wall_.require_alive();
  if (!found_.info.shares_host_memory || host == nullptr || bytes == 0) return std::nullopt;
  return wrap(host, bytes, bytes, false);
}

std::unique_ptr<backend::executable> device::build(const backend::build_request& what) {
  wall_.require_alive();
  program_cache::built b = programs_.get(what.source, what.fast);
  const executable::limits limits{found_.is_cpu,
                                  found_.work_group_limit,
                                  {found_.work_items[0], found_.work_items[1], found_.work_items[2]},
                                  found_.address_bits,
                                  static_cast<unsigned>(std::max(1, found_.info.compute_units))};
  return std::make_unique<executable>(wall_, found_.id, b.program, what, limits, std::move(b.log),
                                      b.from_cache);
}

bool device::is_cached(const backend::build_request& what) { return programs_.holds(what.source, what.fast); }

std::unique_ptr<backend::queue> device::open(backend::engine) {
  wall_.require_alive();
  return std::make_unique<queue>(wall_, memory_, context_.get(), found_.id);
}

}  // namespace busfare::opencl
