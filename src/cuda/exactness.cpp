// The probe of arithmetic as a CUDA kernel.
#include "cuda/exactness.hpp"

#include <string>
#include <vector>

namespace busfare::cuda {

namespace {

class scratch {
 public:
  scratch(memory& from, std::size_t bytes) : memory_(from), at_(from.allocate(bytes)) {}
  ~scratch() { memory_.release(at_); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  [[nodiscard]] CUdeviceptr at() const noexcept { return at_; }

 private:
  memory& memory_;
  CUdeviceptr at_;
};

std::string kernel_text(const std::string& real) {
  return "#define REAL " + real + "\nextern \"C\" __global__ void probe_" + real +
         "(const REAL* in, REAL* out) {\n  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;" +
         backend::arithmetic_statements + "}\n#undef REAL\n";
}

template <class Real>
void run(const context& c, memory& m, const loaded_code& code, const char* name, backend::arithmetic& found) {
  const wall& w = c.errors();
  const driver& call = c.calls();
  std::vector<Real> in = backend::arithmetic_operands<Real>();
  std::vector<Real> out(backend::arithmetic_triples * backend::arithmetic_results);
  const std::size_t in_bytes = in.size() * sizeof(Real), out_bytes = out.size() * sizeof(Real);
  const scratch from(m, in_bytes), to(m, out_bytes);
  const stream s(c);
  const current here(c);
  CUfunction kernel = nullptr;
  w.check(call.cuModuleGetFunction(&kernel, code.get(), name), "cuModuleGetFunction");
  try {
    w.check(call.cuMemcpyHtoDAsync_v2(from.at(), in.data(), in_bytes, s.get()), "cuMemcpyHtoDAsync",
            std::uint64_t{in_bytes});
    CUdeviceptr first = from.at(), second = to.at();
    void* arguments[] = {&first, &second};
    constexpr unsigned group = 32;
    w.check(call.cuLaunchKernel(kernel, backend::arithmetic_triples / group, 1, 1, group, 1, 1, 0, s.get(),
                                static_cast<void**>(arguments), nullptr),
            "cuLaunchKernel");
    w.check(call.cuMemcpyDtoHAsync_v2(out.data(), to.at(), out_bytes, s.get()), "cuMemcpyDtoHAsync",
            std::uint64_t{out_bytes});
    w.check(call.cuStreamSynchronize(s.get()), "cuStreamSynchronize");
  } catch (...) {
    // Nothing may use the memory any more when it goes.
    if (!w.is_lost()) w.quietly(call.cuStreamSynchronize(s.get()), "cuStreamSynchronize");
    throw;
  }
  backend::judge<Real>(in, out, found);
}

}  // namespace

backend::arithmetic probe_exactness(const context& c, memory& m, program_cache& programs) {
  backend::arithmetic found{true, true, true};
  const program_cache::built b = programs.get(kernel_text("float") + kernel_text("double"));
  run<float>(c, m, *b.code, "probe_float", found);
  run<double>(c, m, *b.code, "probe_double", found);
  return found;
}

}  // namespace busfare::cuda
