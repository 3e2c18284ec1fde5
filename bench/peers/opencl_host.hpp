// What somebody writes by hand around an OpenCL kernel: a context and a queue of one's own on a device that
// the library names, buffers, a program, a launch. The opencl_*.cpp files make contenders of it.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "contest.hpp"
#include "ours.hpp"

namespace busfare::peers {

/// Throws runtime_error where `code` is no success.
void check(cl_int code, const char* call);

using cl_buffer = std::shared_ptr<_cl_mem>;

/// A kernel with its arguments set, and how many items run it in groups of how many. A kernel does not keep
/// its buffers: the work does.
struct cl_work {
  std::shared_ptr<_cl_kernel> kernel;
  std::size_t items = 0, group = 0;
  std::vector<cl_buffer> holds{};
};

class cl_host {
 public:
  /// `device`: "opencl:0". Its cl_device_id is the library's, all else is new.
  explicit cl_host(const std::string& device);

  const std::string& device() const noexcept { return name_; }
  cl_device_id id() const noexcept { return id_; }
  /// Work items share the host's cores and memory: buffers are the host's memory, nothing is ever copied.
  bool is_cpu() const noexcept { return cpu_; }
  unsigned units() const noexcept { return units_; }
  cl_command_queue queue() const noexcept { return queue_.get(); }

  /// Room for n floats; on a CPU over huge pages.
  cl_buffer room(std::uint64_t n) const;
  cl_buffer moved(const data& from) const;
  /// Over the caller's memory (CL_MEM_USE_HOST_PTR).
  cl_buffer over(const float* memory, std::uint64_t n) const;
  std::vector<float> values_of(const cl_buffer& b, std::uint64_t n) const;

  /// Builds the kernel `name` of the text. `items` is a multiple of `group`.
  cl_work work(const char* text, const char* name, std::size_t items, std::size_t group) const;
  /// Launches and waits.
  void run(const cl_work& w) const;
  void enqueue(const cl_work& w) const;

  /// Launches `w` each time; the result is what `out` then holds.
  contender writes(std::string name, cl_work w, cl_buffer out, std::uint64_t n) const;
  /// Launches `w` each time and adds up the `parts` floats of `out` on the host.
  contender adds(std::string name, cl_work w, cl_buffer out, std::uint64_t parts) const;

 private:
  std::string name_;
  cl_device_id id_ = nullptr;
  std::shared_ptr<_cl_context> context_;
  std::shared_ptr<_cl_command_queue> queue_;
  bool cpu_ = false;
  unsigned units_ = 1;
};

inline void set_argument(cl_work& w, cl_uint at, const cl_buffer& b) {
  w.holds.push_back(b);
  cl_mem each = b.get();
  check(clSetKernelArg(w.kernel.get(), at, sizeof each, &each), "clSetKernelArg");
}
template <class N> void set_argument(cl_work& w, cl_uint at, const N& number) {
  check(clSetKernelArg(w.kernel.get(), at, sizeof number, &number), "clSetKernelArg");
}
/// The same work with these arguments: cl_buffer, or numbers of the kernel's types.
template <class... A> cl_work with(cl_work w, const A&... arguments) {
  cl_uint at = 0;
  (set_argument(w, at++, arguments), ...);
  return w;
}

using cl_host_ptr = std::shared_ptr<const cl_host>;

/// A contest of any OpenCL device; `n` is a multiple of 4096.
struct opencl_contest {
  const char* op;
  contest (*prepare)(const cl_host_ptr&, std::uint64_t n);
};

// One file each.
std::vector<opencl_contest> opencl_streaming();
std::vector<opencl_contest> opencl_sums();
std::vector<opencl_contest> opencl_compute();

// Boost.Compute, where its headers are; empty otherwise.
std::vector<contender> boost_triad(const cl_host_ptr&, const data& b, const data& c, float s);
std::vector<contender> boost_saxpy(const cl_host_ptr&, const data& x, const data& y, float s);
std::vector<contender> boost_sum(const cl_host_ptr&, const data& x);
std::vector<contender> boost_dot(const cl_host_ptr&, const data& x, const data& y);

}  // namespace busfare::peers
