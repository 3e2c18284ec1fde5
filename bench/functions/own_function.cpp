// A device's own functions, in kernels written by hand: see functions.hpp.
#include "functions/ours.hpp"

namespace busfare::functions {
namespace {

std::string text_of(const std::string& kernel, const std::string& name, const std::string& type,
                    int operands) {
  std::string s;
  if (type == "double") s += "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n";
  const std::string f = type == "float" ? "f" : "";
  s += "#define normal_cdf(x) (0.5" + f + " * erfc((x) * -0.70710678118654752" + f + "))\n";
  s += "__kernel void " + kernel + "(__global const " + type + "* a, ";
  if (operands == 2) s += "__global const " + type + "* b, ";
  s += "__global " + type + "* y, ulong first, ulong count, ulong n0, ulong n1, ulong n2) {\n";
  s += "  const ulong i = get_global_id(0);\n  if (i < count) y[i] = " + name;
  s += operands == 2 ? "(a[i], b[i]);\n}\n" : "(a[i]);\n}\n";
  return s;
}

}  // namespace

template <class T>
contender own_function(const std::string& name, const std::string& device, const shared_operands<T>& x) {
  const int count = x->b.empty() ? 1 : 2;
  bf::native_source source;
  source.name = "own_" + name;
  source.opencl = text_of(source.name, name, std::is_same_v<T, float> ? "float" : "double", count);
  source.cost = [](const bf::native_job& job) noexcept {
    const double n = static_cast<double>(job.shape.count());
    return bf::native_cost{20 * n, 2 * sizeof(T) * n};
  };
  const bf::native_kernel kernel(bf::results<T>, bf::no_cpu_form{}, source);
  const auto a = bf::copy_of(x->a), b = bf::copy_of(x->b);
  const auto how = bf::on(device);
  const std::string who = "the device's " + (name == "normal_cdf" ? "0.5 erfc(-x / sqrt 2)" : name);
  if (count == 1) return recorded<T>(who, true, [=] { return bf::call(how, kernel, a.extents(), a); });
  return recorded<T>(who, true, [=] { return bf::call(how, kernel, a.extents(), a, b); });
}

template contender own_function(const std::string&, const std::string&, const shared_operands<float>&);
template contender own_function(const std::string&, const std::string&, const shared_operands<double>&);

}  // namespace busfare::functions
