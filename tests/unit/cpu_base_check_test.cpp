// The check of wide code against base code: planted defects are caught, NaNs are equal.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <vector>

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

// Entries.
void add_wrong(const cpu_block& b) noexcept {
  add(b);
  if (b.count > 17) put(b.out[0], 17, 123.0f);
}
void nan_a(const cpu_block& b) noexcept {
  for (std::uint64_t i = 0; i < b.count; ++i) put(b.out[0], i, std::uint32_t{0x7fc00000});
}
void nan_b(const cpu_block& b) noexcept {
  for (std::uint64_t i = 0; i < b.count; ++i) put(b.out[0], i, std::uint32_t{0xffc00001});
}

template <unsigned Bits> void halves(const cpu_block& b) noexcept {
  for (std::uint64_t i = 0; i < b.count; ++i) put(b.out[0], i, static_cast<std::uint16_t>(Bits));
}

void fold_first(const cpu_fold_block& b) noexcept { put(b.out[0], 0, get<float>(b.in[0])); }
void fold_sum_wrong(const cpu_fold_block& b) noexcept { put(b.out[0], 0, -1.0f); }
constexpr cpu_code all(cpu_entry e) { return {{e, e, e}, false}; }
// Distinct pointers for base and the rest, so that the check against base runs.
constexpr cpu_code both(cpu_entry base, cpu_entry wide) { return {{base, wide, wide}, false}; }

argument memory(const void* p) {
  argument a;
  a.memory = {const_cast<void*>(p), 0, 0, backend::memory_kind::mapped, const_cast<void*>(p)};
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

constexpr parameter in_f32{parameter_kind::element, type::f32}, out_f32{parameter_kind::result, type::f32};
isa widest() { return cpu::supports(isa::avx2) ? isa::avx2 : isa::base; }

TEST(cpu_base_check, a_wrong_wide_entry_is_caught_by_base) {
  if (widest() == isa::base) GTEST_SKIP() << "this processor has base only";
  const cpu_code c_twice = all(twice), c_add = both(add, add_wrong);
  const int in0[] = {0}, out0[] = {2}, in1[] = {2, 0}, out1[] = {1};
  const step s[] = {{&c_twice, in0, out0, {}}, {&c_add, in1, out1, {}}};
  const type temporaries[] = {type::f32};
  const parameter p[] = {in_f32, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = s;
  r.temporaries = temporaries;
  std::vector<float> x(100, 1.0f), z(100, -7);
  const argument a[] = {memory(x.data()), memory(z.data())};
  cpu::executable e(r, isa::avx2);
  for (int round = 0; round < 2; ++round) {  // it stays refused
    try {
      e.run(over(a, 100));
      FAIL() << "not caught";
    } catch (const error& failure) {
      EXPECT_EQ(failure.kind(), error_class::internal);
      for (const char* part : {"step 2 of 2", "element 17", "123", "avx2", "base"})
        EXPECT_NE(failure.message().find(part), std::string::npos) << failure.what();
    }
    EXPECT_EQ(z[0], -7);
  }
  cpu::executable base(r, isa::base);
  base.run(over(a, 100));
  EXPECT_EQ(z[17], 3);
}

TEST(cpu_base_check, a_wrong_wide_fold_is_caught_and_nans_are_equal) {
  if (widest() == isa::base) GTEST_SKIP() << "this processor has base only";
  const cpu_fold_code fold{{fold_first, fold_sum_wrong, fold_sum_wrong}, false};
  const int slots[] = {0};
  const parameter p[] = {in_f32, out_f32};
  build_request r;
  r.work = backend::work::fold;
  r.parameters = p;
  r.fold = &fold;
  r.fold_slots = slots;
  std::vector<float> x(5000, 1.0f), z(2);
  const argument a[] = {memory(x.data()), memory(z.data())};
  cpu::executable e(r, isa::avx2);
  EXPECT_THROW(e.run(over(a, 5000)), error);

  for (const type t : {type::f32, type::u32}) {
    const cpu_code code = both(nan_a, nan_b);
    const int in[] = {0}, out[] = {1};
    const step s{&code, in, out, {}};
    const parameter q[] = {in_f32, {parameter_kind::result, t}};
    build_request m;
    m.parameters = q;
    m.steps = {&s, 1};
    cpu::executable f(m, isa::avx2);
    if (t == type::f32)
      EXPECT_NO_THROW(f.run(over(a, 2)));
    else
      EXPECT_THROW(f.run(over(a, 2)), error);
  }
}

// What a check says of two entries for f16, or nothing.
std::string said_of_halves(cpu_entry base, cpu_entry wide) {
  const cpu_code code = both(base, wide);
  const int in[] = {0}, out[] = {1};
  const step s{&code, in, out, {}};
  const parameter p[] = {in_f32, {parameter_kind::result, type::f16}};
  build_request r;
  r.parameters = p;
  r.steps = {&s, 1};
  cpu::executable e(r, isa::avx2);
  std::vector<float> x(2), z(2);
  const argument a[] = {memory(x.data()), memory(z.data())};
  try {
    e.run(over(a, 2));
  } catch (const error& failure) {
    return failure.message();
  }
  return "";
}
TEST(cpu_base_check, halves_are_told_by_value) {
  if (widest() == isa::base) GTEST_SKIP() << "this processor has base only";
  EXPECT_EQ(said_of_halves(halves<0x7e00>, halves<0xfc01>), "");
  EXPECT_EQ(said_of_halves(halves<0x3e00>, halves<0x3e00>), "");
  EXPECT_NE(said_of_halves(halves<0x3e00>, halves<0xc100>).find("computes -2.5 with avx2 but 1.5 with base"),
            std::string::npos);
  EXPECT_NE(said_of_halves(halves<0xfc00>, halves<0x0001>).find("5.9604645e-08 with avx2 but -inf with base"),
            std::string::npos);
}

TEST(cpu_base_check, units_with_fast_math_promise_nothing) {
  cpu_code code = both(add, add_wrong);
  code.tu_fast_math = true;
  const int in[] = {0, 0}, out[] = {1};
  const step s{&code, in, out, {}};
  const parameter p[] = {in_f32, out_f32};
  build_request r;
  r.parameters = p;
  r.steps = {&s, 1};
  cpu::executable e(r, widest());
  std::vector<float> x(100, 1.0f), z(100);
  const argument a[] = {memory(x.data()), memory(z.data())};
  EXPECT_NO_THROW(e.run(over(a, 100)));
}

}  // namespace
