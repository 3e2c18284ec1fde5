// See opencl_host.hpp.
#include "opencl_host.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include <busfare/native.hpp>

#include "loops.hpp"

namespace busfare::peers {
namespace {

template <class T> T about(cl_device_id id, cl_device_info what) {
  T value{};
  check(clGetDeviceInfo(id, what, sizeof value, &value, nullptr), "clGetDeviceInfo");
  return value;
}

// A buffer keeps the host memory that it lies over.
cl_buffer owned(cl_mem made, std::shared_ptr<float[]> memory = nullptr) {
  return {made, [memory](cl_mem each) { clReleaseMemObject(each); }};
}

}  // namespace

void check(cl_int code, const char* call) {
  if (code != CL_SUCCESS)
    throw std::runtime_error(std::string(call) + " failed with code " + std::to_string(code));
}

cl_host::cl_host(const std::string& device)
    : name_(device), id_(static_cast<cl_device_id>(native_device_of(device).device)) {
  cl_int code = CL_SUCCESS;
  context_ = {clCreateContext(nullptr, 1, &id_, nullptr, nullptr, &code), clReleaseContext};
  check(code, "clCreateContext");
  queue_ = {clCreateCommandQueue(context_.get(), id_, 0, &code), clReleaseCommandQueue};
  check(code, "clCreateCommandQueue");
  cpu_ = (about<cl_device_type>(id_, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_CPU) != 0;
  units_ = std::max<cl_uint>(1, about<cl_uint>(id_, CL_DEVICE_MAX_COMPUTE_UNITS));
}

cl_buffer cl_host::room(std::uint64_t n) const {
  cl_int code = CL_SUCCESS;
  const std::shared_ptr<float[]> memory = cpu_ ? huge(nullptr, n) : nullptr;
  const cl_mem made =
      clCreateBuffer(context_.get(), CL_MEM_READ_WRITE | (cpu_ ? CL_MEM_USE_HOST_PTR : cl_mem_flags{0}),
                     n * sizeof(float), memory.get(), &code);
  check(code, "clCreateBuffer");
  return owned(made, memory);
}

cl_buffer cl_host::moved(const data& from) const {
  cl_buffer b = room(from->size());
  check(clEnqueueWriteBuffer(queue(), b.get(), CL_TRUE, 0, from->size() * sizeof(float), from->data(), 0,
                             nullptr, nullptr),
        "clEnqueueWriteBuffer");
  return b;
}

cl_buffer cl_host::over(const float* memory, std::uint64_t n) const {
  cl_int code = CL_SUCCESS;
  const cl_mem made = clCreateBuffer(context_.get(), CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                     n * sizeof(float), const_cast<float*>(memory), &code);
  check(code, "clCreateBuffer");
  return owned(made);
}

std::vector<float> cl_host::values_of(const cl_buffer& b, std::uint64_t n) const {
  std::vector<float> all(n);
  check(clEnqueueReadBuffer(queue(), b.get(), CL_TRUE, 0, n * sizeof(float), all.data(), 0, nullptr, nullptr),
        "clEnqueueReadBuffer");
  return all;
}

cl_work cl_host::work(const char* text, const char* name, std::size_t items, std::size_t group) const {
  cl_int code = CL_SUCCESS;
  const std::shared_ptr<_cl_program> program(
      clCreateProgramWithSource(context_.get(), 1, &text, nullptr, &code), clReleaseProgram);
  check(code, "clCreateProgramWithSource");
  check(clBuildProgram(program.get(), 1, &id_, "-cl-std=CL1.2", nullptr, nullptr), "clBuildProgram");
  cl_work w{{clCreateKernel(program.get(), name, &code), clReleaseKernel}, items, group};
  check(code, "clCreateKernel");
  return w;
}

void cl_host::enqueue(const cl_work& w) const {
  check(clEnqueueNDRangeKernel(queue(), w.kernel.get(), 1, nullptr, &w.items, &w.group, 0, nullptr, nullptr),
        "clEnqueueNDRangeKernel");
}

void cl_host::run(const cl_work& w) const {
  enqueue(w);
  check(clFinish(queue()), "clFinish");
}

contender cl_host::writes(std::string name, cl_work w, cl_buffer out, std::uint64_t n) const {
  return {std::move(name), [host = *this, w] { host.run(w); },
          [host = *this, out, n] {
            const std::vector<float> all = host.values_of(out, n);
            return sampled(all.data(), n);
          }};
}

contender cl_host::adds(std::string name, cl_work w, cl_buffer out, std::uint64_t parts) const {
  const auto total = std::make_shared<double>();
  return {std::move(name),
          [host = *this, w, out, parts, total] {
            host.enqueue(w);
            const std::vector<float> all = host.values_of(out, parts);  // waits
            *total = std::accumulate(all.begin(), all.end(), 0.0);
          },
          [total] { return std::vector<double>{*total}; }};
}

}  // namespace busfare::peers
