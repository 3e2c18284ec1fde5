// Results that go past the caches of an OpenCL CPU, and what is asked for ahead.
#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>
#include <busfare/value/patch.hpp>

#include "core/devices.hpp"
#include "core/dialect/emit.hpp"
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests

// 2 x + 1 and x - y, stored as `t`.
program_ptr two_results(type t) {
  const value_type v = value_of(t);
  return traced({element(t), element(t)}, {t, t}, [&](trace_session& s) {
    const symbol_id x = s.input(0), one = make(op::cast, v, {literal(1.0f)});
    return list{make(op::add, v, {make(op::add, v, {x, x}), one}), make(op::sub, v, {x, s.input(1)})};
  });
}

program_ptr plus_one(type stored, type from = type::f32) {
  return traced({element(from)}, {stored}, [&](trace_session& s) {
    return list{make(op::add, f32, {s.input(0), literal(1.0f)})};
  });
}

program_ptr of_two(op o, type t) {
  return traced({element(t), element(t)}, {t}, [&](trace_session& s) {
    return list{make(o, value_of(t), {s.input(0), s.input(1)})};
  });
}

// One step of the heat equation: the edges of its rows are computed one by one.
program_ptr heat_step() {
  return traced({{parameter_kind::whole, type::f32}}, {type::f32}, [](trace_session&) {
    window_use use{};
    const patch<float, 2, border::clamp_t, symbol_reading> u{0, &use};
    return list{(u(0, 0) + 0.25f * (u(-1, 0) + u(1, 0) + u(0, -1) + u(0, 1) - 4.0f * u(0, 0))).id};
  });
}

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++n;
  return n;
}

TEST(codegen_stream, is_for_maps_of_whole_lines_on_cpus) {
  const auto streams = [](const program_ptr& p, const char* dialect) {
    return core::emit_map(*p, dialect).source.find("bf_large(count") != std::string::npos;
  };
  EXPECT_TRUE(streams(plus_one(type::f32), "opencl-cpu"));
  EXPECT_TRUE(streams(two_results(type::f64), "opencl-cpu"));
  EXPECT_FALSE(streams(plus_one(type::u8), "opencl-cpu")) << "a quarter of a line";
  EXPECT_FALSE(streams(plus_one(type::f32), "opencl-gpu"));
  EXPECT_FALSE(streams(plus_one(type::f32), "cuda"));
}

// What vectors would compute lane by lane stays with the vectors that the driver makes of items.
TEST(codegen_stream, leaves_to_drivers_what_they_do_better) {
  const auto in_vectors = [](const program_ptr& p) { return core::emit_map(*p, "opencl-cpu").width > 1; };
  EXPECT_TRUE(in_vectors(plus_one(type::f32)));
  EXPECT_FALSE(in_vectors(plus_one(type::f32, type::f16)));
  EXPECT_TRUE(in_vectors(of_two(op::div, type::f32)));
  EXPECT_TRUE(in_vectors(of_two(op::mul, type::i32)));
  EXPECT_FALSE(in_vectors(of_two(op::div, type::i32)));
  EXPECT_FALSE(in_vectors(of_two(op::mod, type::u64)));
}

// Word for word: the sum of two arrays.
TEST(codegen_stream, ends_a_loop_in_two_ways) {
  const auto p = traced({element(type::f32), element(type::f32)}, {type::f32}, [](trace_session& s) {
    return list{make(op::add, f32, {s.input(0), s.input(1)})};
  });
  const core::generated g = core::emit_map(*p, "opencl-cpu");
  EXPECT_EQ(
      g.source.substr(g.source.find(g.entry) + g.entry.size()),
      R"((__global const float* a0, __global const float* a1, __global float* r0, const ulong first, const ulong count, const ulong shape0, const ulong shape1, const ulong shape2) {
  const ulong items = get_global_size(0), item = get_global_id(0);
  const ulong share = (count / items + (count % items != 0) + 15) / 16 * 16;
  if (item > count / share || item * share >= count) return;
  const ulong end = first + min(count, (item + 1) * share);
  const ulong step = (ulong)a0 == (ulong)r0 || (ulong)a1 == (ulong)r0 ? 16 : 1;
  const int far = step == 1 && bf_large(count * 12);
  for (ulong i = first + item * share; i < end;) {
    const ulong stop = end;
    const int streams = far && stop - i >= 256;
    while (i < stop) {
      int passes = stop - i >= 16;
      if (passes) {
        ulong last = step == 1 ? stop - 16 : i + ((stop - i) / 16 - 1) * 16;
        for (;; i = min(step == 1 ? (i + 16) / 16 * 16 : i + 16, last)) {
          const float16 v0 = bf_load_f32x16(a0 + i);
          const float16 v1 = bf_load_f32x16(a1 + i);
          const float16 v2 = (v0 + v1);
          if (streams) {
            bf_ahead(a0 + i);
            bf_ahead(a1 + i);
            bf_stream_f32x16(r0 + i, v2);
          } else {
            bf_store_f32x16(r0 + i, v2);
          }
          if (i == last) break;
        }
        i += 16;
      } else {
        const float v0 = a0[i];
        const float v1 = a1[i];
        const float v2 = (v0 + v1);
        r0[i] = v2;
        ++i;
      }
    }
  }
  if (far) bf_streamed();
}
)");
}

template <class T> void expect_same(type t, const char* definitions) {
  const program_ptr p = two_results(t);
  const core::generated g = core::emit_map(*p, "opencl-cpu");
  ASSERT_EQ(cl().build(g, definitions), "");
  for (const std::size_t count : {1, 15, 16, 17, 64, 1000, 4099})
    for (const std::size_t first : {0, 3, 16})
      for (const std::size_t items : {1, 5}) {
        SCOPED_TRACE(std::to_string(first) + " + " + std::to_string(count) + ", items " +
                     std::to_string(items) + definitions);
        const std::size_t all = first + count + 20;
        std::vector<T> x(all), y(all), untouched(all, T(-7));
        for (std::size_t i = 0; i < all; ++i) x[i] = static_cast<T>(i), y[i] = static_cast<T>(3 * i);
        for (const bool in_place : {false, true}) {
          void* const a = cl().array(x);
          cl().array(y);
          void* const r = in_place ? a : cl().array(untouched);
          if (in_place) cl().number(a);
          void* const s = cl().array(untouched);
          cl().run(first, count, {first + count, 1, 1}, items, 1);
          const auto twice = cl().template read<T>(r, all), less = cl().template read<T>(s, all);
          for (std::size_t i = 0; i < all; ++i) {
            const bool in = i >= first && i < first + count;
            ASSERT_EQ(twice[i], in ? 2 * x[i] + 1 : in_place ? x[i] : T(-7)) << i;
            ASSERT_EQ(less[i], in ? x[i] - y[i] : T(-7)) << i;
          }
        }
      }
}

TEST(codegen_stream, gives_what_the_caches_give) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  for (const char* definitions : {"", streams_all}) {
    expect_same<float>(type::f32, definitions);
    expect_same<double>(type::f64, definitions);
  }
}

// Rows that are long enough to stream, whose ends are ordinary stores, and some that are not.
TEST(codegen_stream, gives_what_the_caches_give_row_by_row) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  const core::generated g = core::emit_map(*heat_step(), "opencl-cpu");
  for (const char* definitions : {"", streams_all}) {
    ASSERT_EQ(cl().build(g, definitions), "");
    for (const auto& [rows, columns] :
         {std::array<std::size_t, 2>{5, 700}, {3, 257}, {2, 258}, {4, 64}, {1, 4099}})
      for (const std::size_t items : {1, 5}) {
        SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(columns) + ", items " +
                     std::to_string(items) + definitions);
        const std::size_t n = rows * columns;
        std::vector<float> u(n), untouched(n + 20, -7.0f);
        for (std::size_t i = 0; i < n; ++i) u[i] = static_cast<float>(i * i % 1009);
        cl().array(u);
        cl().number(static_cast<std::int64_t>(n));
        void* const out = cl().array(untouched);
        cl().run(0, n, {rows, columns, 1}, items, 1);
        const auto got = cl().read<float>(out, n + 20);
        for (std::size_t i = 0; i < n; ++i) {
          const std::size_t r = i / columns, c = i % columns;
          const float above = u[r == 0 ? i : i - columns], below = u[r + 1 == rows ? i : i + columns];
          const float left = u[c == 0 ? i : i - 1], right = u[c + 1 == columns ? i : i + 1];
          // Small integers and quarters of them: exact in any order.
          ASSERT_EQ(got[i], u[i] + 0.25f * (above + below + left + right - 4.0f * u[i])) << i;
        }
        for (std::size_t i = n; i < n + 20; ++i) ASSERT_EQ(got[i], -7.0f) << i;
      }
  }
}

// Each row that a window reads is asked for once, however many of its columns are read.
TEST(codegen_stream, asks_once_for_a_row) {
  const auto p = traced({{parameter_kind::whole, type::f32}, {parameter_kind::number, type::f32}},
                        {type::f32}, [](trace_session&) {
                          window_use use{};
                          const patch<float, 2, border::clamp_t, symbol_reading> u{0, &use};
                          return list{(u(0, -1) + u(0, 0) + u(0, 1) + u(-1, 1) + u(-1, -1) + u(2, 0)).id};
                        });
  const std::string text = core::emit_map(*p, "opencl-cpu").source;
  EXPECT_EQ(times(text, " bf_ahead(a0 + "), 3u) << text;
}

// Larger than the caches that the device tells of.
TEST(codegen_stream, large_maps_of_a_device_are_right) {
  namespace core = busfare::core;
  std::string device;
  for (const auto& d : busfare::devices())
    if (d.unavailable.empty() && d.name.starts_with("opencl:") &&
        core::device_list::shared().find(d.name).info.dialect == "opencl-cpu")
      device = d.name;
  if (device.empty()) GTEST_SKIP() << "no OpenCL CPU";
  const std::size_t n = (std::size_t{8} << 20) + 77;
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i % 1000);
  const auto y = busfare::map(
      busfare::on(device), [](auto v) { return 2.0f * v + 1.0f; }, busfare::copy_of(x));
  const auto got = y.host();
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(got[i], 2 * x[i] + 1) << i;
}

}  // namespace
