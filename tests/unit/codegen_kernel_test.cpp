// Generated kernels are built by real compilers, and run where there is an OpenCL device.
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

namespace {

using namespace busfare;
using namespace busfare::detail;
using backend::parameter;
using backend::parameter_kind;

constexpr value_type f32 = value_type::f32, f64 = value_type::f64, i32 = value_type::i32,
                     u32 = value_type::u32, i64 = value_type::i64, u64 = value_type::u64,
                     mask = value_type::mask;
parameter element(type t) { return {parameter_kind::element, t}; }

using list = std::vector<symbol_id>;
symbol_id make(op o, value_type t, std::initializer_list<symbol_id> operands) {
  return trace_op(o, t, operands);
}
symbol_id literal(float x) { return trace_literal(f32, std::bit_cast<std::uint32_t>(x)); }

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
  std::string build(const core::generated& g) {
    const char* text = g.source.c_str();
    program_ = object("clCreateProgramWithSource", context_, 1u, &text, nullptr);
    if (call("clBuildProgram", program_, 1u, &device_, "-cl-std=CL1.2", nullptr, nullptr) != 0) {
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

opencl& cl() {
  static opencl o;
  return o;
}

// ---- NVRTC ------------------------------------------------------------------------------------------
void* nvrtc() {
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
std::string ptx_of(const core::generated& g) {
  void* p = nullptr;
  if (nv("nvrtcCreateProgram", &p, g.source.c_str(), "kernel.cu", 0, nullptr, nullptr) != 0)
    return "error: create";
  const char* options[] = {"--gpu-architecture=compute_90", "--fmad=false", "--prec-div=true",
                           "--prec-sqrt=true", "--ftz=false"};
  const int code = nv("nvrtcCompileProgram", p, 5, static_cast<const char**>(options));
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
  }
  nv("nvrtcDestroyProgram", &p);
  return text;
}

// ---- programs that use every row ---------------------------------------------------------------------
bool takes_type(takes t, value_type v) {
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
program_ptr every_operation(type t) {
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

program_ptr nested_loops() {
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

program_ptr special_literals() {
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

program_ptr sum_of(type t) {
  const value_type v = value_of(t);
  return traced({element(t), element(t)}, {t}, [&](trace_session& s) {
    return list{make(op::add, v, {s.input(0), s.input(1)})};
  });
}

// (value, index) with the smaller value; the operation of argmin.
program_ptr least_with_index() {
  return traced({element(type::f32), element(type::u64), element(type::f32), element(type::u64)},
                {type::f32, type::u64}, [](trace_session& s) {
                  const symbol_id m = make(op::lt, mask, {s.input(2), s.input(0)});
                  return list{make(op::select, f32, {m, s.input(2), s.input(0)}),
                              make(op::select, u64, {m, s.input(3), s.input(1)})};
                });
}

program_ptr squared_with_index() {
  return traced({element(type::f32)}, {type::f32, type::u64}, [](trace_session& s) {
    const symbol_id x = s.input(0);
    return list{make(op::mul, f32, {x, x}), make(op::cast, u64, {s.index(0)})};
  });
}

std::vector<core::generated> everything(std::string_view dialect) {
  std::vector<core::generated> all;
  for (int t = 0; t < 6; ++t) all.push_back(core::emit_map(*every_operation(static_cast<type>(t)), dialect));
  all.push_back(core::emit_map(*nested_loops(), dialect));
  all.push_back(core::emit_map(*special_literals(), dialect));
  const std::array<type, 1> narrow{type::u8}, wide{type::f64};
  const std::array<type, 2> pair{type::f32, type::u64};
  all.push_back(core::emit_fold(nullptr, *sum_of(type::i32), narrow, dialect));
  all.push_back(core::emit_fold(nullptr, *sum_of(type::f64), wide, dialect));
  all.push_back(core::emit_fold(squared_with_index().get(), *least_with_index(), pair, dialect));
  return all;
}

TEST(codegen_kernel, opencl_builds_everything) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  for (const char* dialect : {"opencl-cpu", "opencl-gpu"})
    for (const core::generated& g : everything(dialect)) EXPECT_EQ(cl().build(g), "");
}

TEST(codegen_kernel, nvrtc_builds_everything) {
  if (nvrtc() == nullptr) GTEST_SKIP() << "no NVRTC library";
  for (const core::generated& g : everything("cuda")) {
    const std::string ptx = ptx_of(g);
    EXPECT_NE(ptx.find(g.entry), std::string::npos) << ptx;
    EXPECT_EQ(ptx.substr(0, 6) == "error:", false) << ptx;
  }
  // f32 stays f32: the overloads of sqrt, fabs, floor and fma are those of float.
  const std::string ptx = ptx_of(core::emit_map(
      *traced({element(type::f32)}, {type::f32},
              [](trace_session& s) {
                const symbol_id x = make(op::sqrt, f32, {make(op::abs, f32, {s.input(0)})});
                return list{
                    make(op::fma, f32, {make(op::floor, f32, {x}), x, make(op::div, f32, {x, literal(3)})})};
              }),
      "cuda"));
  EXPECT_EQ(ptx.find(".f64"), std::string::npos) << ptx;
  EXPECT_NE(ptx.find("sqrt.rn.f32"), std::string::npos) << ptx;
  EXPECT_NE(ptx.find("div.rn.f32"), std::string::npos) << ptx;
}

template <class T, class R, class F, class G>
void expect_binary(type t, type r, const std::vector<T>& values, F trace, G expected) {
  std::vector<T> a, b;
  for (const T x : values)
    for (const T y : values) {
      a.push_back(x);
      b.push_back(y);
    }
  const auto p = traced({element(t), element(t)}, {r},
                        [&](trace_session& s) { return list{trace(s.input(0), s.input(1))}; });
  ASSERT_EQ(cl().build(core::emit_map(*p, "opencl-cpu")), "");
  cl().array(a);
  cl().array(b);
  std::vector<R> zero(a.size());
  void* out = cl().array(zero);
  cl().run(0, a.size(), {a.size(), 1, 1}, a.size(), 0);
  const std::vector<R> got = cl().template read<R>(out, a.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const R want = expected(a[i], b[i]);
    if (want != want && got[i] != got[i]) continue;
    EXPECT_EQ(std::memcmp(&got[i], &want, sizeof want), 0)
        << +a[i] << " " << +b[i] << ": " << +got[i] << " not " << +want;
  }
}

template <class T> void expect_total_integers(type t) {
  using U = std::make_unsigned_t<T>;
  const value_type v = value_of(t);
  constexpr T low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  constexpr bool is_signed = std::is_signed_v<T>;
  const std::vector<T> values{0,
                              1,
                              2,
                              7,
                              31,
                              32,
                              33,
                              63,
                              64,
                              65,
                              static_cast<T>(-1),
                              static_cast<T>(-7),
                              low,
                              static_cast<T>(low + 1),
                              high};
  const auto of = [&](op o) { return [=](symbol_id a, symbol_id b) { return make(o, v, {a, b}); }; };
  constexpr int width = sizeof(T) * 8 - 1;
  const auto minus_one = [](T b) { return is_signed && b == static_cast<T>(-1); };
  expect_binary<T, T>(t, t, values, of(op::div), [&](T a, T b) -> T {
    return b == 0 ? 0 : minus_one(b) ? static_cast<T>(U{0} - static_cast<U>(a)) : static_cast<T>(a / b);
  });
  expect_binary<T, T>(t, t, values, of(op::mod),
                      [&](T a, T b) -> T { return b == 0 || minus_one(b) ? 0 : static_cast<T>(a % b); });
  expect_binary<T, T>(t, t, values, of(op::mul),
                      [](T a, T b) { return static_cast<T>(static_cast<U>(a) * static_cast<U>(b)); });
  expect_binary<T, T>(t, t, values, of(op::shl), [](T a, T b) {
    return static_cast<T>(static_cast<U>(a) << (static_cast<U>(b) & U{width}));
  });
  expect_binary<T, T>(t, t, values, of(op::shr),
                      [](T a, T b) { return static_cast<T>(a >> (static_cast<U>(b) & U{width})); });
  expect_binary<T, T>(
      t, t, values, [&](symbol_id a, symbol_id) { return make(op::abs, v, {a}); },
      [](T a, T) { return is_signed && a < 0 ? static_cast<T>(U{0} - static_cast<U>(a)) : a; });
}

TEST(codegen_kernel, integers_are_total) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  expect_total_integers<std::int32_t>(type::i32);
  expect_total_integers<std::uint32_t>(type::u32);
  expect_total_integers<std::int64_t>(type::i64);
  expect_total_integers<std::uint64_t>(type::u64);
}

template <class To, class From> To saturated(From x) {
  if (std::isnan(x)) return 0;
  const From low = static_cast<From>(std::numeric_limits<To>::min()),
             high = std::ldexp(From(1), std::numeric_limits<To>::digits);
  return x <= low    ? std::numeric_limits<To>::min()
         : x >= high ? std::numeric_limits<To>::max()
                     : static_cast<To>(x);
}

template <class T> void expect_floats(type t) {
  const value_type v = value_of(t);
  using L = std::numeric_limits<T>;
  const std::vector<T> values{T(0),
                              -T(0),
                              T(1),
                              T(-1),
                              T(0.99),
                              T(-0.99),
                              T(2147483647),
                              T(2147483648),
                              T(-2147483648.0),
                              T(-2147483649.0),
                              T(4294967295.0),
                              T(4294967296.0),
                              T(9.3e18),
                              T(-9.3e18),
                              T(1.9e19),
                              T(1e30),
                              L::infinity(),
                              -L::infinity(),
                              L::quiet_NaN(),
                              L::denorm_min(),
                              L::max()};
  const auto extremum = [](bool least) {
    return [=](T a, T b) -> T {
      if (std::isnan(a)) return b;
      if (std::isnan(b)) return a;
      if (a == b) return std::signbit(a) == least ? a : b;
      return (a < b) == least ? a : b;
    };
  };
  for (const bool least : {true, false})
    expect_binary<T, T>(
        t, t, values,
        [&](symbol_id a, symbol_id b) {
          return make(least ? op::min : op::max, v, {a, b});
        },
        extremum(least));
  expect_binary<T, std::int32_t>(
      t, type::i32, values, [](symbol_id a, symbol_id) { return make(op::cast, i32, {a}); },
      [](T a, T) { return saturated<std::int32_t>(a); });
  expect_binary<T, std::uint32_t>(
      t, type::u32, values, [](symbol_id a, symbol_id) { return make(op::cast, u32, {a}); },
      [](T a, T) { return saturated<std::uint32_t>(a); });
  expect_binary<T, std::int64_t>(
      t, type::i64, values, [](symbol_id a, symbol_id) { return make(op::cast, i64, {a}); },
      [](T a, T) { return saturated<std::int64_t>(a); });
  expect_binary<T, std::uint64_t>(
      t, type::u64, values, [](symbol_id a, symbol_id) { return make(op::cast, u64, {a}); },
      [](T a, T) { return saturated<std::uint64_t>(a); });
  expect_binary<T, std::uint8_t>(
      t, type::u8, values,
      [](symbol_id a, symbol_id b) {
        return make(op::le, mask, {a, b});
      },
      [](T a, T b) { return static_cast<std::uint8_t>(a <= b); });
}

TEST(codegen_kernel, floats_follow_the_rules_of_casts_and_extrema) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  expect_floats<float>(type::f32);
  expect_floats<double>(type::f64);
}

TEST(codegen_kernel, loops_lookups_and_indices_mean_what_they_say) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  for (const std::int64_t limit : {0, 1, 9, -3}) {
    for (const bool empty : {false, true}) {
      ASSERT_EQ(cl().build(core::emit_map(*nested_loops(), "opencl-cpu")), "");
      const std::size_t d0 = 3, d1 = 5, d2 = 7, n = d0 * d1 * d2, first = 10;
      std::vector<float> x(n), start{2.0f}, zero(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i) * 0.25f - 3;
      std::vector<std::uint8_t> table{200, 3, 5};
      std::vector<std::int16_t> zero16(n);
      cl().array(x);
      cl().array(table);
      cl().number(static_cast<std::int64_t>(empty ? 0 : table.size()));
      cl().number(limit);
      cl().array(start);
      void *r0 = cl().array(zero), *r1 = cl().array(zero16);
      cl().run(first, n - first, {d0, d1, d2}, n, 0);
      const auto got = cl().read<float>(r0, n);
      const auto where = cl().read<std::int16_t>(r1, n);
      for (std::size_t i = 0; i < n; ++i) {
        if (i < first) {
          EXPECT_EQ(got[i], 0);
          continue;
        }
        float a = x[i], b = start[0];
        for (std::int64_t t = 0; t < limit; ++t) {
          int sum = 0;
          for (std::int64_t k = 0; k < limit; ++k)
            sum += empty ? 0 : table[static_cast<std::size_t>(std::min<std::int64_t>(k, 2))];
          if (!(a < static_cast<float>(sum))) break;
          const float na = b + 1, nb = a + x[i];
          a = na, b = nb;
        }
        EXPECT_EQ(got[i], a - b) << i << " limit " << limit;
        EXPECT_EQ(where[i], static_cast<std::int16_t>(i / (d1 * d2) + (i / d2 % d1) * (i % d2)));
      }
    }
  }
}

template <class T, class F>
T tree(const std::vector<T>& x, std::size_t begin, std::size_t n, std::size_t lanes, F f) {
  std::vector<T> lane;
  for (std::size_t i = 0; i < n; ++i) {
    if (i < lanes)
      lane.push_back(x[begin + i]);
    else
      lane[i % lanes] = f(lane[i % lanes], x[begin + i]);
  }
  for (std::size_t h = lanes / 2; h > 0; h /= 2)
    for (std::size_t j = 0; j < h; ++j)
      if (j + h < lane.size()) lane[j] = f(lane[j], lane[j + h]);
  return lane[0];
}

template <class T> void expect_sums(type t, std::size_t lanes) {
  const unsigned seed = 20261123;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> real(-1, 1);
  const auto operation = sum_of(t);
  ASSERT_EQ(core::fold_lanes(*operation), lanes);
  for (const std::size_t n : {std::size_t{1}, std::size_t{31}, std::size_t{64}, std::size_t{65},
                              std::size_t{4095}, std::size_t{4096}, std::size_t{10000}}) {
    std::vector<T> x(n + 4096);
    for (T& v : x) v = static_cast<T>(real(random));
    const std::size_t blocks = (n + 4095) / 4096;
    for (const char* dialect : {"opencl-cpu", "opencl-gpu"}) {
      const bool cpu = std::string(dialect) == "opencl-cpu";
      ASSERT_EQ(cl().build(core::emit_fold(nullptr, *operation, std::array{t}, dialect)), "");
      cl().array(x);
      std::vector<T> zero(blocks);
      void* out = cl().array(zero);
      cl().run(4096, n, {n, 1, 1}, cpu ? blocks : blocks * lanes, cpu ? 0 : lanes);
      const std::vector<T> got = cl().template read<T>(out, blocks);
      for (std::size_t b = 0; b < blocks; ++b)
        EXPECT_EQ(got[b], tree(x, 4096 + b * 4096, std::min<std::size_t>(4096, n - b * 4096), lanes,
                               [](T p, T q) { return p + q; }))
            << dialect << " " << n;
    }
  }
}

TEST(codegen_kernel, folds_follow_the_fixed_tree) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  expect_sums<float>(type::f32, 64);
  expect_sums<double>(type::f64, 32);
}

TEST(codegen_kernel, a_map_fuses_into_a_fold_of_two_components) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  std::vector<float> x(5000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::fabs(static_cast<float>(i) - 4500.0f) + 1;
  for (const char* dialect : {"opencl-cpu", "opencl-gpu"}) {
    const std::array components{type::f32, type::u64};
    ASSERT_EQ(
        cl().build(core::emit_fold(squared_with_index().get(), *least_with_index(), components, dialect)),
        "");
    cl().array(x);
    std::vector<float> zero(2);
    std::vector<std::uint64_t> none(2);
    void *least = cl().array(zero), *at = cl().array(none);
    const bool cpu = std::string(dialect) == "opencl-cpu";
    cl().run(0, x.size(), {x.size(), 1, 1}, cpu ? 2 : 64, cpu ? 0 : 32);
    EXPECT_EQ(cl().read<float>(least, 2), (std::vector<float>{406.0f * 406.0f, 1.0f}));
    EXPECT_EQ(cl().read<std::uint64_t>(at, 2), (std::vector<std::uint64_t>{4095, 4500}));
  }
}

TEST(codegen_kernel, defined_functions_are_near_their_exact_values) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  const auto p = traced({element(type::f32)}, {type::f32, type::f32, type::f32}, [](trace_session& s) {
    const symbol_id x = s.input(0);
    return list{make(op::exp, f32, {x}), make(op::log, f32, {x}), make(op::normal_cdf, f32, {x})};
  });
  ASSERT_EQ(cl().build(core::emit_map(*p, "opencl-cpu")), "");
  std::vector<float> x, zero(600);
  for (int i = 0; i < 600; ++i) x.push_back(static_cast<float>(i - 200) * 0.03125f);
  cl().array(x);
  void *e = cl().array(zero), *l = cl().array(zero), *c = cl().array(zero);
  cl().run(0, x.size(), {x.size(), 1, 1}, x.size(), 0);
  const auto exps = cl().read<float>(e, 600), logs = cl().read<float>(l, 600),
             cdfs = cl().read<float>(c, 600);
  for (std::size_t i = 0; i < 600; ++i) {
    const double d = x[i];
    EXPECT_NEAR(exps[i], std::exp(d), 4e-7 * std::exp(d)) << d;
    if (d > 0) {
      EXPECT_NEAR(logs[i], std::log(d), 4e-7 * std::fabs(std::log(d))) << d;
    }
    const double cdf = 0.5 * std::erfc(-d / std::sqrt(2.0));
    EXPECT_NEAR(cdfs[i], cdf, 1e-6 * cdf) << d;
  }
}

TEST(codegen_kernel, what_cannot_be_written_is_an_error) {
  const auto p = sum_of(type::f32);
  EXPECT_THROW(core::emit_map(*p, "fortran"), error);
  EXPECT_THROW(core::emit_fold(nullptr, *p, std::array{type::f64}, "cuda"), error);
}

}  // namespace
