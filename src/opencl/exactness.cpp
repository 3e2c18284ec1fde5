// The probe kernel, its hard values and the host's answers.
#include "opencl/exactness.hpp"

#include <array>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace busfare::opencl {

namespace {

constexpr int triples = 64, results = 7;
enum result : int { sum, difference, product, quotient, root, fused, stated };

constexpr const char* body = R"(
#pragma OPENCL FP_CONTRACT OFF
__kernel void probe(__global const REAL* in, __global REAL* out) {
  const size_t i = get_global_id(0);
  const REAL a = in[3 * i], b = in[3 * i + 1], c = in[3 * i + 2];
  const REAL p = a * b;
  out[7 * i + 0] = a + b;
  out[7 * i + 1] = a - b;
  out[7 * i + 2] = p;
  out[7 * i + 3] = a / b;
  out[7 * i + 4] = sqrt(a);
  out[7 * i + 5] = fma(a, b, c);
  out[7 * i + 6] = p + c;
}
)";

// The host's own rounding and denormal modes may have been changed by the caller.
class plain_environment {
 public:
  plain_environment() {
    std::fegetenv(&kept_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~plain_environment() { std::fesetenv(&kept_); }
  plain_environment(const plain_environment&) = delete;
  plain_environment& operator=(const plain_environment&) = delete;

 private:
  std::fenv_t kept_{};
};

template <class Real> std::vector<Real> hard_values() {
  using limits = std::numeric_limits<Real>;
  const Real least = limits::denorm_min(), normal = limits::min(), huge = limits::max(),
             e = limits::epsilon();
  const Real one = 1, three = 3;
  std::vector<Real> v{
      one,
      three,
      7,  // inexact quotients
      1 + e,
      1 - e,
      -1,  // a fused product differs in its last bits
      1 + e,
      1 + e,
      -(1 + 2 * e),
      normal,
      Real(0.5),
      least,
      normal,
      -normal / 2,
      normal,
      least,
      least,
      one,
      least * 5,
      Real(0.25),
      -least,
      huge,
      2,
      -huge,
      huge,
      normal,
      one,
      0,
      -one,
      0,
      -Real(0),
      0,
      least,
      limits::infinity(),
      2,
      one,
      limits::quiet_NaN(),
      one,
      one,
      normal * 3,
      normal,
      -least * 7,
      one / three,
      three,
      -one,
      10,
      3,
      Real(-10) / 3,
      2,
      2,
      -4,
      normal,
      huge,
      -one,
  };
  // The rest: random signs, exponents and fractions, so that about one in ten is denormal; a fixed seed.
  std::mt19937_64 next(20240607);
  while (v.size() < std::size_t{triples} * 3) {
    const std::uint64_t bits = next();
    const int bias = limits::max_exponent - 1;
    const int exponent = next() % 10 == 0 ? -bias - 3 : static_cast<int>(next() % 40) - 20;
    const Real fraction = 1 + static_cast<Real>(bits >> 11) * Real(0x1p-53);
    v.push_back(std::ldexp((bits & 1) != 0 ? -fraction : fraction, exponent));
  }
  return v;
}

template <class Real> std::array<Real, results> answers(Real a0, Real b0, Real c0) {
  volatile Real a = a0, b = b0, c = c0;  // run time, and one operation each
  volatile Real p = a * b;
  volatile Real r[results];
  r[sum] = a + b;
  r[difference] = a - b;
  r[product] = p;
  r[quotient] = a / b;
  r[root] = std::sqrt(a);
  r[fused] = std::fma(a, b, c);
  r[stated] = p + c;
  std::array<Real, results> out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = r[i];
  return out;
}

template <class Real> bool same(Real x, Real y) {
  if (x != x || y != y) return x != x && y != y;
  return x == y && std::signbit(x) == std::signbit(y);
}

template <class Real> bool is_denormal(Real x) { return std::fpclassify(x) == FP_SUBNORMAL; }

template <class Real>
void run(const wall& w, program_cache& programs, cl_context context, cl_command_queue queue,
         const std::string& head, exactness& found) {
  const program_cache::built b = programs.get(head + body);
  cl_int code = CL_SUCCESS;
  const kernel_handle kernel(clCreateKernel(b.program.get(), "probe", &code));
  w.check(code, "clCreateKernel");
  const plain_environment environment;
  std::vector<Real> in = hard_values<Real>();
  in.resize(std::size_t{triples} * 3);
  std::vector<Real> out(std::size_t{triples} * results);
  const std::size_t in_bytes = in.size() * sizeof(Real), out_bytes = out.size() * sizeof(Real);
  const memory_handle from(
      clCreateBuffer(context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, in_bytes, in.data(), &code));
  w.check(code, "clCreateBuffer", std::uint64_t{in_bytes});
  const memory_handle to(clCreateBuffer(context, CL_MEM_READ_WRITE, out_bytes, nullptr, &code));
  w.check(code, "clCreateBuffer", std::uint64_t{out_bytes});
  const cl_mem arguments[] = {from.get(), to.get()};
  for (cl_uint i = 0; i < 2; ++i)
    w.check(clSetKernelArg(kernel.get(), i, sizeof(cl_mem), &arguments[i]), "clSetKernelArg");
  const std::size_t global = triples;
  w.check(clEnqueueNDRangeKernel(queue, kernel.get(), 1, nullptr, &global, nullptr, 0, nullptr, nullptr),
          "clEnqueueNDRangeKernel");
  w.check(clEnqueueReadBuffer(queue, to.get(), CL_TRUE, 0, out_bytes, out.data(), 0, nullptr, nullptr),
          "clEnqueueReadBuffer", std::uint64_t{out_bytes});

  for (std::size_t i = 0; i < triples; ++i) {
    const Real a = in[3 * i], b2 = in[3 * i + 1], c = in[3 * i + 2];
    const auto right = answers(a, b2, c);
    const bool small = is_denormal(a) || is_denormal(b2) || is_denormal(c) || is_denormal(right[product]);
    for (std::size_t r = 0; r < results; ++r) {
      if (same(out[results * i + r], right[r])) continue;
      if (small || is_denormal(right[r]))
        found.denormals = false;
      else if (r == quotient || r == root)
        found.div_sqrt = false;
      else
        found.basic = false;
    }
  }
}

}  // namespace

exactness probe_exactness(const wall& w, program_cache& programs, cl_context context, cl_command_queue queue,
                          bool f64) {
  exactness found{true, true, true};
  run<float>(w, programs, context, queue, "#define REAL float\n", found);
  if (f64)
    run<double>(w, programs, context, queue,
                "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n#define REAL double\n", found);
  return found;
}

}  // namespace busfare::opencl
