// The probe of arithmetic as an OpenCL kernel.
#include "opencl/exactness.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace busfare::opencl {

namespace {

template <class Real>
void run(const wall& w, program_cache& programs, cl_context context, cl_command_queue queue,
         const std::string& head, std::size_t lanes, backend::arithmetic& found) {
  const program_cache::built b =
      programs.get(head +
                   "#pragma OPENCL FP_CONTRACT OFF\n"
                   "__kernel void probe(__global const REAL* in, __global REAL* out) {\n"
                   "  const size_t i = get_global_id(0);" +
                   backend::arithmetic_statements + "}\n");
  cl_int code = CL_SUCCESS;
  const kernel_handle kernel(clCreateKernel(b.program.get(), "probe", &code));
  w.check(code, "clCreateKernel");
  const std::vector<Real> operands = backend::arithmetic_operands<Real>();
  std::vector<Real> results(backend::arithmetic_triples * backend::arithmetic_results);
  // Item i has triples i * lanes and following, operand by operand; the last ones are repeated.
  constexpr std::size_t takes = 3, gives = backend::arithmetic_results, triples = backend::arithmetic_triples;
  const std::size_t global = (triples + lanes - 1) / lanes;
  const auto triple = [&](std::size_t i, std::size_t lane) {
    return std::min(i * lanes + lane, triples - 1);
  };
  std::vector<Real> in(global * takes * lanes), out(global * gives * lanes);
  for (std::size_t i = 0; i < global; ++i)
    for (std::size_t k = 0; k < takes; ++k)
      for (std::size_t lane = 0; lane < lanes; ++lane)
        in[(i * takes + k) * lanes + lane] = operands[triple(i, lane) * takes + k];
  const std::size_t in_bytes = in.size() * sizeof(Real), out_bytes = out.size() * sizeof(Real);
  const memory_handle from(
      clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, in_bytes, in.data(), &code));
  w.check(code, "clCreateBuffer", std::uint64_t{in_bytes});
  const memory_handle to(clCreateBuffer(context, CL_MEM_READ_WRITE, out_bytes, nullptr, &code));
  w.check(code, "clCreateBuffer", std::uint64_t{out_bytes});
  const cl_mem arguments[] = {from.get(), to.get()};
  for (cl_uint i = 0; i < 2; ++i)
    w.check(clSetKernelArg(kernel.get(), i, sizeof(cl_mem), &arguments[i]), "clSetKernelArg");
  w.check(clEnqueueNDRangeKernel(queue, kernel.get(), 1, nullptr, &global, nullptr, 0, nullptr, nullptr),
          "clEnqueueNDRangeKernel");
  w.check(clEnqueueReadBuffer(queue, to.get(), CL_TRUE, 0, out_bytes, out.data(), 0, nullptr, nullptr),
          "clEnqueueReadBuffer", std::uint64_t{out_bytes});
  for (std::size_t i = 0; i < global; ++i)
    for (std::size_t k = 0; k < gives; ++k)
      for (std::size_t lane = 0; lane < lanes; ++lane)
        results[triple(i, lane) * gives + k] = out[(i * gives + k) * lanes + lane];
  backend::judge<Real>(operands, results, found);
}

}  // namespace

backend::arithmetic probe_exactness(const wall& w, program_cache& programs, cl_context context,
                                    cl_command_queue queue, bool f64, bool vectors) {
  backend::arithmetic found{true, true, true};
  const std::string wide = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n";
  run<float>(w, programs, context, queue, "#define REAL float\n", 1, found);
  if (f64) run<double>(w, programs, context, queue, wide + "#define REAL double\n", 1, found);
  if (vectors) run<float>(w, programs, context, queue, "#define REAL float16\n", 16, found);
  if (vectors && f64) run<double>(w, programs, context, queue, wide + "#define REAL double8\n", 8, found);
  return found;
}

}  // namespace busfare::opencl
