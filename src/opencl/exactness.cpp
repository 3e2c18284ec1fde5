// The probe of arithmetic as an OpenCL kernel.
#include "opencl/exactness.hpp"

#include <string>
#include <vector>

namespace busfare::opencl {

namespace {

template <class Real>
void run(const wall& w, program_cache& programs, cl_context context, cl_command_queue queue,
         const std::string& head, backend::arithmetic& found) {
  const program_cache::built b =
      programs.get(head +
                   "#pragma OPENCL FP_CONTRACT OFF\n"
                   "__kernel void probe(__global const REAL* in, __global REAL* out) {\n"
                   "  const size_t i = get_global_id(0);" +
                   backend::arithmetic_statements + "}\n");
  cl_int code = CL_SUCCESS;
  const kernel_handle kernel(clCreateKernel(b.program.get(), "probe", &code));
  w.check(code, "clCreateKernel");
  std::vector<Real> in = backend::arithmetic_operands<Real>();
  std::vector<Real> out(backend::arithmetic_triples * backend::arithmetic_results);
  const std::size_t in_bytes = in.size() * sizeof(Real), out_bytes = out.size() * sizeof(Real);
  const memory_handle from(
      clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, in_bytes, in.data(), &code));
  w.check(code, "clCreateBuffer", std::uint64_t{in_bytes});
  const memory_handle to(clCreateBuffer(context, CL_MEM_READ_WRITE, out_bytes, nullptr, &code));
  w.check(code, "clCreateBuffer", std::uint64_t{out_bytes});
  const cl_mem arguments[] = {from.get(), to.get()};
  for (cl_uint i = 0; i < 2; ++i)
    w.check(clSetKernelArg(kernel.get(), i, sizeof(cl_mem), &arguments[i]), "clSetKernelArg");
  const std::size_t global = backend::arithmetic_triples;
  w.check(clEnqueueNDRangeKernel(queue, kernel.get(), 1, nullptr, &global, nullptr, 0, nullptr, nullptr),
          "clEnqueueNDRangeKernel");
  w.check(clEnqueueReadBuffer(queue, to.get(), CL_TRUE, 0, out_bytes, out.data(), 0, nullptr, nullptr),
          "clEnqueueReadBuffer", std::uint64_t{out_bytes});
  backend::judge<Real>(in, out, found);
}

}  // namespace

backend::arithmetic probe_exactness(const wall& w, program_cache& programs, cl_context context,
                                    cl_command_queue queue, bool f64) {
  backend::arithmetic found{true, true, true};
  run<float>(w, programs, context, queue, "#define REAL float\n", found);
  if (f64)
    run<double>(w, programs, context, queue,
                "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n#define REAL double\n", found);
  return found;
}

}  // namespace busfare::opencl
