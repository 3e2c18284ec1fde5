// The cpu's executable, on hand-written kernels: maps, chains, folds, tails, aliasing, the check against
// base.
#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <busfare/error.hpp>

#include "cpu/executable.hpp"
#include "cpu/processor.hpp"
#include "support/host_kernels.hpp"

namespace {

using namespace busfare;
using backend::argument;
using backend::build_request;
using backend::launch;
using backend::parameter;
using backend::parameter_kind;
using backend::step;
using namespace busfare_tests;  // NOLINT: tests

// Entries. Each works block by block as the generated ones do, and knows nothing of the launch.
void scale_shift(const cpu_block& b) noexcept {  // x * n0 + n1, with n0 f32 and n1 i32
  const float a = get<float>(b.numbers);
  const auto c = static_cast<float>(get<std::int32_t>(b.numbers + 8));
  for (std::uint64_t i = 0; i < b.count; ++i) put(b.out[0], i, element(b.in[0], i) * a + c);
}
void gather(const cpu_block& b) noexcept {  // table[x], clamped; an empty table reads 0
  for (std::uint64_t i = 0; i < b.count; ++i) {
    const std::uint64_t n = b.in[1].size, at = get<std::uint64_t>(b.in[0].data, i);
    put(b.out[0], i, n == 0 ? 0.0f : get<float>(b.in[1].data, std::min(at, n - 1)));
  }
}
void index_and_shape(const cpu_block& b) noexcept {  // no inputs: flat index, and column of a 2-D shape
  for (std::uint64_t i = 0; i < b.count; ++i) {
    put(b.out[0], i, b.first + i);
    put(b.out[1], i, static_cast<std::uint8_t>((b.first + i) % b.shape[2]));
  }
}
void denormal(const cpu_block& b) noexcept {
  volatile float tiny = std::numeric_limits<float>::min();
  volatile float third = 3;
  for (std::uint64_t i = 0; i < b.count; ++i) {
    volatile float one = 1;
    put(b.out[0], i, tiny / 4);
    put(b.out[1], i, one / third);
  }
}
std::atomic<int> streamed{0}, calls{0};
void twice_watched(const cpu_block& b) noexcept {
  if (b.stream) streamed.fetch_add(1);
  calls.fetch_add(1);
  twice(b);
}
constexpr cpu_code all(cpu_entry e) { return {{e, e, e}, false}; }
// Distinct pointers for base and the rest, so that the check against base runs.
constexpr cpu_code both(cpu_entry base, cpu_entry wide) { return {{base, wide, wide}, false}; }

argument memory(const void* p) {
  argument a;
  a.memory = {const_cast<void*>(p), 0, 0, backend::memory_kind::mapped, const_cast<void*>(p)};
  return a;
}
argument table(const std::vector<float>& t) {
  argument a = memory(t.data());
  a.size = t.size();
  return a;
}
template <class T> argument number(T v) {
  argument a;
  std::memcpy(&a.number, &v, sizeof v);
  return a;
}

launch over(std::span<const argument> a, std::uint64_t count, std::uint64_t first = 0) {
  launch l;
  l.arguments = a;
  l.first = first;
  l.count = count;
  l.shape[2] = first + count;
  return l;
}

std::vector<float> numbers_of(std::size_t n, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> v(n);
  for (float& x : v) x = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 64;
  return v;
}

constexpr parameter in_f32{parameter_kind::element, type::f32}, out_f32{parameter_kind::result, type::f32};
const std::uint64_t counts[] = {0, 1, 7, 255, 511, 512, 513, 1023, 1024, 1025, 4097, 16384, 50001, 1 << 20};
isa widest() { return cpu::supports(isa::avx2) ? isa::avx2 : isa::base; }

TEST(cpu_executable, adds_two_arrays_of_any_length) {
  const cpu_code code = both(
      add, +[](const cpu_block& b) noexcept { add(b); });
  const int in[] = {0, 1}, out[] = {2};
  const step s{&code, in, out, {}};
  const parameter p[] = {in_f32, in_f32, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = {&s, 1};
  cpu::executable e(r, widest());
  EXPECT_TRUE(e.build_log().empty());
  for (int round = 0; round < 2; ++round)  // the second time its speed is known, and it is split
    for (const std::uint64_t n : counts) {
      const auto x = numbers_of(n, 1), y = numbers_of(n, 2);
      std::vector<float> z(n + 1, -7);
      const argument a[] = {memory(x.data()), memory(y.data()), memory(z.data())};
      if (n != 0) {
        e.run(over(a, n));
      }
      for (std::uint64_t i = 0; i < n; ++i) ASSERT_EQ(z[i], x[i] + y[i]) << n << ' ' << i;
      ASSERT_EQ(z[n], -7);
    }
}

TEST(cpu_executable, count_zero_touches_nothing) {
  const cpu_code code = all(add);
  const int in[] = {0, 0}, out[] = {1};
  const step s{&code, in, out, {}};
  const parameter p[] = {in_f32, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = {&s, 1};
  cpu::executable e(r, widest());
  const argument a[] = {memory(nullptr), memory(nullptr)};
  e.run(over(a, 0));
  EXPECT_THROW(e.run(over(a, 1)), error);
}

TEST(cpu_executable, ranges_write_their_own_elements_only) {
  const cpu_code code = all(add);
  const int in[] = {0, 1}, out[] = {2};
  const step s{&code, in, out, {}};
  const parameter p[] = {in_f32, {parameter_kind::broadcast, type::f32}, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = {&s, 1};
  cpu::executable e(r, widest());
  const std::uint64_t n = 100000;
  const auto x = numbers_of(n);
  const float one = 1.5f;
  for (const std::uint64_t first : {std::uint64_t{1}, std::uint64_t{4096}, std::uint64_t{77777}}) {
    std::vector<float> z(n, -7);
    const argument a[] = {memory(x.data()), memory(&one), memory(z.data())};
    e.run(over(a, 20000, first));
    for (std::uint64_t i = 0; i < n; ++i)
      ASSERT_EQ(z[i], i >= first && i < first + 20000 ? x[i] + one : -7.0f) << first << ' ' << i;
  }
}

TEST(cpu_executable, a_chain_goes_through_temporaries) {
  const cpu_code c_add = both(
      add, +[](const cpu_block& b) noexcept { add(b); });
  const cpu_code c_twice = both(
      twice, +[](const cpu_block& b) noexcept { twice(b); });
  const cpu_code c_scale = all(scale_shift);
  // t5 = x + y; t6 = 2 t5; t5 = t6 + x; z = t5 * n3 + n4
  const int in0[] = {0, 1}, out0[] = {5}, in1[] = {5}, out1[] = {6}, in2[] = {6, 0}, out2[] = {5},
            in3[] = {5}, out3[] = {2}, nums[] = {3, 4};
  const step s[] = {{&c_add, in0, out0, {}},
                    {&c_twice, in1, out1, {}},
                    {&c_add, in2, out2, {}},
                    {&c_scale, in3, out3, nums}};
  const parameter p[] = {
      in_f32, in_f32, out_f32, {parameter_kind::number, type::f32}, {parameter_kind::number, type::i32}};
  const type temporaries[] = {type::f32, type::f32};
  build_request r;
  r.parameters = p;
  r.steps = s;
  r.temporaries = temporaries;
  cpu::executable e(r, widest());
  for (int round = 0; round < 2; ++round)
    for (const std::uint64_t n : counts) {
      const auto x = numbers_of(n, 3), y = numbers_of(n, 4);
      std::vector<float> z(n + 1, -7);
      const argument a[] = {memory(x.data()), memory(y.data()), memory(z.data()), number(0.5f),
                            number(std::int32_t{-3})};
      e.run(over(a, n));
      for (std::uint64_t i = 0; i < n; ++i)
        ASSERT_EQ(z[i], (2 * (x[i] + y[i]) + x[i]) * 0.5f + -3.0f) << n << ' ' << i;
      ASSERT_EQ(z[n], -7);
    }
}

TEST(cpu_executable, tables_numbers_indices_and_narrow_results) {
  const cpu_code c_index = all(index_and_shape), c_gather = all(gather);
  const int out0[] = {3, 1}, in1[] = {3, 0}, out1[] = {2};
  const step s[] = {{&c_index, {}, out0, {}}, {&c_gather, in1, out1, {}}};
  const parameter p[] = {{parameter_kind::whole, type::f32}, {parameter_kind::result, type::u8}, out_f32};
  const type temporaries[] = {type::u64};
  build_request r;
  r.parameters = p;
  r.steps = s;
  r.temporaries = temporaries;
  cpu::executable e(r, widest());
  const std::uint64_t n = 100003;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{5000}}) {
    const auto t = numbers_of(size);
    std::vector<std::uint8_t> column(n);
    std::vector<float> z(n);
    argument tab = table(t);
    if (size == 0) tab.memory.handle = nullptr;
    const argument a[] = {tab, memory(column.data()), memory(z.data())};
    launch l = over(a, n);
    l.shape[2] = 77;
    e.run(l);
    for (std::uint64_t i = 0; i < n; ++i) {
      ASSERT_EQ(column[i], i % 77);
      ASSERT_EQ(z[i], size == 0 ? 0.0f : t[std::min<std::uint64_t>(i, size - 1)]);
    }
  }
}

TEST(cpu_executable, results_may_be_the_very_inputs_even_when_read_again_later) {
  const cpu_code c_add = both(
      add, +[](const cpu_block& b) noexcept { add(b); });
  const cpu_code c_twice = all(twice);
  // r2 = 2 x; r3 = r2 + x, where r2 is the memory of x
  const int in0[] = {0}, out0[] = {1}, in1[] = {1, 0}, out1[] = {2};
  const step s[] = {{&c_twice, in0, out0, {}}, {&c_add, in1, out1, {}}};
  const parameter p[] = {in_f32, out_f32, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = s;
  cpu::executable e(r, widest());
  for (const std::uint64_t n : {std::uint64_t{5}, std::uint64_t{300000}}) {
    const auto x = numbers_of(n);
    for (const bool in_place : {true, false}) {
      std::vector<float> work = x, apart(n), sum(n);
      float* const r2 = in_place ? work.data() : apart.data();
      const argument a[] = {memory(work.data()), memory(r2), memory(sum.data())};
      e.run(over(a, n));
      for (std::uint64_t i = 0; i < n; ++i) {
        ASSERT_EQ(r2[i], 2 * x[i]);
        ASSERT_EQ(sum[i], 3 * x[i]);
      }
    }
  }
}

TEST(cpu_executable, streams_large_results_that_are_not_inputs) {
  const cpu_code code = all(twice_watched);
  const int in[] = {0}, out[] = {1};
  const step s{&code, in, out, {}};
  const parameter p[] = {in_f32, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = {&s, 1};
  cpu::executable e(r, widest());
  const std::uint64_t n = cpu::this_processor().last_level_cache / 8 + 100;
  std::vector<float> x(n, 1.0f), z(n);
  const auto streams = [&](const std::vector<float>& to, std::uint64_t count) {
    streamed = 0;
    calls = 0;
    const argument a[] = {memory(x.data()), memory(to.data())};
    e.run(over(a, count));
    EXPECT_TRUE(streamed == 0 || streamed == calls);
    return streamed > 0;
  };
  EXPECT_TRUE(streams(z, n));
  EXPECT_EQ(z[n - 1], 2);
  EXPECT_FALSE(streams(x, n));
  EXPECT_FALSE(streams(z, 1000));
}

#if defined(__x86_64__)
TEST(cpu_executable, the_callers_floating_point_modes_do_not_reach_kernels) {
  const cpu_code code = all(denormal);
  const int out[] = {0, 1};
  const step s{&code, {}, out, {}};
  const parameter p[] = {out_f32, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = {&s, 1};
  cpu::executable e(r, widest());
  const std::uint64_t n = 200000;
  std::vector<float> tiny(n), third(n);
  const argument a[] = {memory(tiny.data()), memory(third.data())};
  const unsigned before = _mm_getcsr();
  const unsigned odd = 0x1f80 | 0x8040 | 0x4000;  // flush, denormals are zero, round up
  _mm_setcsr(odd);
  e.run(over(a, n));
  const unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  EXPECT_EQ(after & ~0x3fu, odd);  // all but the sticky flags
  for (std::uint64_t i = 0; i < n; ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(tiny[i]), 0x00200000u) << i;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(third[i]), 0x3eaaaaabu) << i;
  }
}
#endif

TEST(cpu_executable, malformed_requests_are_refused_in_words) {
  const cpu_code code = all(twice);
  const cpu_code empty{};
  const parameter p[] = {in_f32, out_f32, {parameter_kind::number, type::f32}};
  const int x[] = {0}, z[] = {1}, far[] = {9}, num[] = {2};
  const step bad[] = {{&code, far, z, {}}, {&code, x, x, {}},   {&code, x, far, {}},
                      {&code, num, z, {}}, {&code, z, z, {}},   {&code, x, z, x},
                      {&empty, x, z, {}},  {nullptr, x, z, {}}, {&code, x, {}, {}}};
  for (const step& s : bad) {
    build_request r;
    r.parameters = p;
    r.steps = {&s, 1};
    EXPECT_THROW(cpu::executable(r, isa::base), error) << &s - bad;
  }
  build_request nothing;
  EXPECT_THROW(cpu::executable(nothing, isa::base), error);
  nothing.work = backend::work::fold;
  EXPECT_THROW(cpu::executable(nothing, isa::base), error);
  const step good{&code, x, z, {}};
  build_request r;
  r.parameters = p;
  r.steps = {&good, 1};
  cpu::executable e(r, isa::base);
  const argument a[] = {memory(p)};
  EXPECT_THROW(e.run(over(a, 1)), error);
}

}  // namespace
