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
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests

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
