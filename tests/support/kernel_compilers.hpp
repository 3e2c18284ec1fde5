// Programs to generate text from, and compilers for that text, found at run time: an OpenCL platform, NVRTC.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <busfare/cpu_code.hpp>
#include <busfare/error.hpp>
#include <busfare/value/trace.hpp>

#include "core/dialect/emit.hpp"

namespace busfare_tests {

using namespace busfare;
using namespace busfare::detail;
using backend::parameter;
using backend::parameter_kind;

constexpr value_type f32 = value_type::f32, f64 = value_type::f64, i32 = value_type::i32,
                     u32 = value_type::u32, i64 = value_type::i64, u64 = value_type::u64,
                     mask = value_type::mask;
inline parameter element(type t) { return {parameter_kind::element, t}; }

using list = std::vector<symbol_id>;
inline symbol_id make(op o, value_type t, std::initializer_list<symbol_id> operands) {
  return trace_op(o, t, operands);
}
inline symbol_id literal(float x) { return trace_literal(f32, std::bit_cast<std::uint32_t>(x)); }

template <class F> program_ptr traced(std::vector<parameter> arguments, std::vector<type> stored, F f) {
  trace_session s(arguments, source_line::here());
  const list r = f(s);
  return s.finish(r, stored);
}

// ---- an OpenCL device, without its headers ----------------------------------------------------------
class opencl {
 public:
  opencl() {
    library_ = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) return;
    void* platform = nullptr;
    std::uint32_t n = 0;
    if (call("clGetPlatformIDs", 1u, &platform, &n) != 0 || n == 0) return;
    if (call("clGetDeviceIDs", platform, std::uint64_t{0xffffffff}, 1u, &device_, &n) != 0 || n == 0) return;
    context_ = object("clCreateContext", nullptr, 1u, &device_, nullptr, nullptr);
    queue_ = object("clCreateCommandQueue", context_, device_, std::uint64_t{0});
  }
  [[nodiscard]] bool here() const { return queue_ != nullptr; }

  // Builds; returns the log of a failed build, else nothing.
  std::string build(const core::generated& g, const std::string& definitions = "") {
    const char* text = g.source.c_str();
    program_ = object("clCreateProgramWithSource", context_, 1u, &text, nullptr);
    const std::string options = "-cl-std=CL1.2" + definitions;
    if (call("clBuildProgram", program_, 1u, &device_, options.c_str(), nullptr, nullptr) != 0) {
      std::vector<char> log(65536);
      call("clGetProgramBuildInfo", program_, device_, 0x1183u, log.size(), log.data(), nullptr);
      return std::string(log.data()) + "\n" + g.source;
    }
    kernel_ = object("clCreateKernel", program_, g.entry.c_str());
    next_ = 0;
    return kernel_ == nullptr ? "no kernel " + g.entry : "";
  }

  template <class T> void* array(std::vector<T>& v) {
    void* m = object("clCreateBuffer", context_, std::uint64_t{1 | 32}, v.size() * sizeof(T), v.data());
    number(m);
    return m;
  }
  template <class T> void number(T x) {
    EXPECT_EQ(call("clSetKernelArg", kernel_, next_++, sizeof x, &x), 0);
  }
  void run(std::uint64_t first, std::uint64_t count, std::array<std::uint64_t, 3> shape, std::size_t items,
           std::size_t group) {
    number(first);
    number(count);
    for (const std::uint64_t s : shape) number(s);
    next_ = 0;  // the same kernel may run again
    ASSERT_EQ(call("clEnqueueNDRangeKernel", queue_, kernel_, 1u, nullptr, &items,
                   group == 0 ? nullptr : &group, 0u, nullptr, nullptr),
              0);
    ASSERT_EQ(call("clFinish", queue_), 0);
  }
  template <class T> std::vector<T> read(void* m, std::size_t n) {
    std::vector<T> v(n);
    EXPECT_EQ(call("clEnqueueReadBuffer", queue_, m, 1u, std::size_t{0}, n * sizeof(T), v.data(), 0u, nullptr,
                   nullptr),
              0);
    return v;
  }

 private:
  template <class... A> int call(const char* name, A... a) {
    return reinterpret_cast<int (*)(A...)>(dlsym(library_, name))(a...);
  }
  template <class... A> void* object(const char* name, A... a) {
    int code = 0;
    return reinterpret_cast<void* (*)(A..., int*)>(dlsym(library_, name))(a..., &code);
  }

  void *library_ = nullptr, *device_ = nullptr, *context_ = nullptr, *queue_ = nullptr, *program_ = nullptr,
       *kernel_ = nullptr;
  std::uint32_t next_ = 0;
};

inline opencl& cl() {
  static opencl o;
  return o;
}

// Every result that may go past the caches does, however small.
inline constexpr const char* streams_all = " -D BUSFARE_STREAM_FROM=1UL";

// ---- NVRTC ------------------------------------------------------------------------------------------
inline void* nvrtc() {
  static void* const library = [] {
    std::vector<std::string> names = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};
    std::vector<std::string> folders = {""};
    if (const char* path = std::getenv("CUDA_PATH")) folders.push_back(std::string(path) + "/lib64/");
    folders.emplace_back("/usr/local/cuda/lib64/");
    for (const std::string& f : folders)
      for (const std::string& n : names)
        if (void* l = dlopen((f + n).c_str(), RTLD_NOW | RTLD_LOCAL)) return l;
    return static_cast<void*>(nullptr);
  }();
  return library;
}

template <class... A> int nv(const char* name, A... a) {
  return reinterpret_cast<int (*)(A...)>(dlsym(nvrtc(), name))(a...);
}

// PTX, or the log after "error:".
// With a real architecture (sm_90) machine code is made as well.
inline std::string ptx_of(const core::generated& g, const std::string& architecture = "sm_90") {
  void* p = nullptr;
  if (nv("nvrtcCreateProgram", &p, g.source.c_str(), "kernel.cu", 0, nullptr, nullptr) != 0)
    return "error: create";
  const std::string target = "--gpu-architecture=" + architecture;
  const char* options[] = {target.c_str(),     "--fmad=false", "--prec-div=true",
                           "--prec-sqrt=true", "--ftz=false",  "-std=c++17"};
  const int code = nv("nvrtcCompileProgram", p, 6, static_cast<const char**>(options));
  std::size_t n = 0;
  std::string text;
  if (code != 0) {
    nv("nvrtcGetProgramLogSize", p, &n);
    text.resize(n);
    nv("nvrtcGetProgramLog", p, text.data());
    text = "error: " + text + g.source;
  } else {
    nv("nvrtcGetPTXSize", p, &n);
    text.resize(n);
    nv("nvrtcGetPTX", p, text.data());
    std::size_t code_bytes = 0;
    if (architecture.starts_with("sm_") && (nv("nvrtcGetCUBINSize", p, &code_bytes) != 0 || code_bytes == 0))
      text = "error: no machine code for " + architecture + "\n" + text;
  }
  nv("nvrtcDestroyProgram", &p);
  return text;
}

// ---- programs that use every row ---------------------------------------------------------------------
inline bool takes_type(takes t, value_type v) {
  const bool real = v == f32 || v == f64;
  switch (t) {
    case takes::number:
      return v != mask;
    case takes::real:
      return real;
    case takes::integer:
      return !real && v != mask;
    default:
      return v == mask;
  }
}

// Every operation that exists for the type, each its own result.
inline program_ptr every_operation(type t) {
  const value_type v = value_of(t);
  std::vector<type> stored;
  list results;
  const std::vector<parameter> arguments{element(t), element(t), element(t)};
  trace_session s(arguments, source_line::here());
  const symbol_id a = s.input(0), b = s.input(1), c = s.input(2), m = make(op::lt, mask, {a, b});
  const auto keep = [&](symbol_id r, type as) {
    results.push_back(r);
    stored.push_back(as);
  };
  for (int k = 0; k < vocabulary_size; ++k) {
    const op o = static_cast<op>(k);
    if (o == op::cast || o == op::bit_cast || !takes_type(vocabulary[k].takes, v)) continue;
    const bool to_mask = vocabulary[k].gives == gives::mask;
    if (o == op::select)
      keep(make(o, v, {m, a, b}), t);
    else if (vocabulary[k].arity == 1)
      keep(make(o, to_mask ? mask : v, {a}), to_mask ? type::u8 : t);
    else if (vocabulary[k].arity == 2)
      keep(make(o, to_mask ? mask : v, {a, b}), to_mask ? type::u8 : t);
    else
      keep(make(o, v, {a, b, c}), t);
  }
  keep(
      make(op::lnot, mask, {make(op::land, mask, {m, make(op::lor, mask, {m, make(op::ne, mask, {a, b})})})}),
      type::u8);
  for (int k = 0; k < 6; ++k) {
    const auto to = static_cast<type>(k);
    if (to != t) keep(make(op::cast, value_of(to), {a}), to);
    if (size_of(to) == size_of(t) && to != t) keep(make(op::bit_cast, value_of(to), {a}), to);
  }
  keep(make(op::cast, v, {m}), t);
  return s.finish(results, stored);
}

inline program_ptr nested_loops() {
  return traced(
      {element(type::f32),
       {parameter_kind::whole, type::u8},
       {parameter_kind::number, type::i64},
       {parameter_kind::broadcast, type::f32}},
      {type::f32, type::i16}, [](trace_session& s) {
        const symbol_id x = s.input(0), n = s.input(2);
        const std::array start{x, s.input(3)};
        const std::array types{f32, f32};
        std::array<symbol_id, 2> state, result;
        trace_loop_begin(n, start, types, state, nullptr);
        // The condition holds a whole inner fold over the table.
        const symbol_id zero = trace_literal(i32, 0);
        symbol_id sum, index, inner;
        trace_loop_begin(n, {&zero, 1}, {&i32, 1}, {&sum, 1}, &index);
        const symbol_id next = make(op::add, i32, {sum, trace_lookup(1, i32, index)});
        trace_loop_finish({}, {&next, 1}, {&inner, 1});
        const symbol_id go = make(op::lt, mask, {state[0], make(op::cast, f32, {inner})});
        const std::array after{make(op::add, f32, {state[1], literal(1)}), make(op::add, f32, {state[0], x})};
        trace_loop_finish(go, after, result);
        const symbol_id where =
            make(op::add, i64, {s.index(0), make(op::mul, i64, {s.index(1), s.index(2)})});
        return list{make(op::sub, f32, {result[0], result[1]}), make(op::cast, i32, {where})};
      });
}

inline program_ptr special_literals() {
  return traced({}, {type::f32, type::f64, type::i64, type::u64, type::i32}, [](trace_session&) {
    const symbol_id inf = literal(std::numeric_limits<float>::infinity());
    const symbol_id tiny = literal(std::numeric_limits<float>::denorm_min());
    const symbol_id nan = trace_literal(f64, 0x7ff8000000000001u);
    return list{make(op::add, f32, {inf, make(op::mul, f32, {tiny, literal(-0.0f)})}),
                make(op::add, f64, {nan, trace_literal(f64, std::bit_cast<std::uint64_t>(0.1))}),
                trace_literal(i64, std::uint64_t{1} << 63), trace_literal(u64, ~std::uint64_t{0}),
                trace_literal(i32, 0x80000000u)};
  });
}

inline program_ptr sum_of(type t) {
  const value_type v = value_of(t);
  return traced({element(t), element(t)}, {t}, [&](trace_session& s) {
    return list{make(op::add, v, {s.input(0), s.input(1)})};
  });
}

// (value, index) with the smaller value; the operation of argmin.
inline program_ptr least_with_index() {
  return traced({element(type::f32), element(type::u64), element(type::f32), element(type::u64)},
                {type::f32, type::u64}, [](trace_session& s) {
                  const symbol_id m = make(op::lt, mask, {s.input(2), s.input(0)});
                  return list{make(op::select, f32, {m, s.input(2), s.input(0)}),
                              make(op::select, u64, {m, s.input(3), s.input(1)})};
                });
}

inline program_ptr squared_with_index() {
  return traced({element(type::f32)}, {type::f32, type::u64}, [](trace_session& s) {
    const symbol_id x = s.input(0);
    return list{make(op::mul, f32, {x, x}), make(op::cast, u64, {s.index(0)})};
  });
}

}  // namespace busfare_tests
