// Generated text that loads and stores f16: built by real compilers, and right for every value where there is
// an OpenCL device.
#include <array>
#include <bit>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "core/dialect/emit.hpp"
#include "support/halves.hpp"
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests

// element + table[0] + broadcast, and the element, both as f16; the programs store what they like.
program_ptr sum_of_halves() {
  return traced(
      {element(type::f16), {parameter_kind::whole, type::f16}, {parameter_kind::broadcast, type::f16}},
      {type::f16, type::f32}, [](trace_session& s) {
        const symbol_id first = trace_lookup(1, f32, trace_literal(i64, 0));
        const symbol_id sum = make(op::add, f32, {make(op::add, f32, {s.input(0), first}), s.input(2)});
        return list{sum, s.input(0)};
      });
}
program_ptr stored_as(value_type from, type to) {
  return traced({element(static_cast<type>(from))}, {to}, [](trace_session& s) { return list{s.input(0)}; });
}
// An operation of a fold that accumulates f32 and stores f16.
program_ptr halves_added() {
  return traced({element(type::f16), element(type::f16)}, {type::f16}, [](trace_session& s) {
    return list{make(op::add, f32, {s.input(0), s.input(1)})};
  });
}

std::vector<core::generated> everything(std::string_view dialect) {
  const std::array<type, 1> f16{type::f16};
  std::vector<core::generated> all;
  all.push_back(core::emit_map(*sum_of_halves(), dialect));
  all.push_back(core::emit_map(*stored_as(f32, type::f16), dialect));
  for (const core::fold_tree tree : {core::fold_tree::lanes, core::fold_tree::pairs}) {
    all.push_back(core::emit_fold(nullptr, *halves_added(), f16, dialect, tree));
    all.push_back(core::emit_fold(stored_as(f32, type::f16).get(), *halves_added(), f16, dialect, tree));
  }
  return all;
}

TEST(codegen_half, every_dialect_converts_by_integers) {
  for (const char* dialect : {"opencl-cpu", "opencl-gpu", "cuda"}) {
    for (const core::generated& g : everything(dialect)) {
      EXPECT_EQ(g.source.find("half"), std::string::npos) << g.source;
      EXPECT_EQ(g.source.find("fp16"), std::string::npos) << g.source;
      EXPECT_EQ(g.source.find("#include"), std::string::npos) << g.source;
      EXPECT_NE(g.source.find("bf_f16_of_f32("), std::string::npos) << g.source;
    }
    const std::string without = core::emit_map(*sum_of(type::f32), dialect).source;
    EXPECT_EQ(without.find("f16"), std::string::npos) << without;
  }
  EXPECT_EQ(core::emit_map(*sum_of_halves(), "cuda").width, 4u);
}

TEST(codegen_half, opencl_builds_it) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  for (const char* dialect : {"opencl-cpu", "opencl-gpu"})
    for (const core::generated& g : everything(dialect)) EXPECT_EQ(cl().build(g), "");
}

TEST(codegen_half, nvrtc_builds_it) {
  if (nvrtc() == nullptr) GTEST_SKIP() << "no NVRTC library";
  for (const core::generated& g : everything("cuda")) {
    const std::string ptx = ptx_of(g);
    EXPECT_NE(ptx.find(g.entry), std::string::npos) << ptx;
    EXPECT_NE(ptx.substr(0, 6), "error:") << ptx;
  }
  const std::string ptx = ptx_of(core::emit_map(*stored_as(f32, type::f16), "cuda"));
  EXPECT_EQ(ptx.find(".f64"), std::string::npos) << ptx;
  EXPECT_EQ(ptx.find(".local"), std::string::npos) << ptx;
}

#if BUSFARE_HAS_F16
TEST(codegen_half, every_value_loads_and_survives_a_store) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  std::vector<_Float16> x = busfare_test::all_halves(), zero(1, _Float16(0)), out(x.size());
  std::vector<float> wide(x.size());
  ASSERT_EQ(cl().build(core::emit_map(*sum_of_halves(), "opencl-cpu")), "");
  cl().array(x);
  cl().array(zero);
  cl().number(std::int64_t{1});
  cl().array(zero);
  void *r0 = cl().array(out), *r1 = cl().array(wide);
  cl().run(0, x.size(), {x.size(), 1, 1}, x.size(), 0);
  out = cl().read<_Float16>(r0, x.size());
  wide = cl().read<float>(r1, x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float want = static_cast<float>(x[i]);
    if (want != want) {
      ASSERT_NE(wide[i], wide[i]) << i;
      ASSERT_EQ(busfare_test::bits_of_half(out[i]), 0x7e00) << i;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(wide[i]), std::bit_cast<std::uint32_t>(want)) << i;
      ASSERT_EQ(busfare_test::bits_of_half(out[i]), i == 0x8000 ? 0 : i);  // -0 + 0
    }
  }
}

// What a program that casts does not need: its values are rounded before they are stored.
TEST(codegen_half, a_store_rounds) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::vector<float> x = busfare_test::hard_for_half<float>(seed, 1 << 18);
  std::vector<_Float16> out(x.size());
  ASSERT_EQ(cl().build(core::emit_map(*stored_as(f32, type::f16), "opencl-cpu")), "");
  cl().array(x);
  void* r = cl().array(out);
  cl().run(0, x.size(), {x.size(), 1, 1}, x.size(), 0);
  out = cl().read<_Float16>(r, x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const _Float16 want = static_cast<_Float16>(x[i]);
    ASSERT_EQ(busfare_test::bits_of_half(out[i]), want != want ? 0x7e00 : busfare_test::bits_of_half(want))
        << x[i];
  }
}

TEST(codegen_half, folds_pass_elements_through_f16) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  // 2049 rounds to 2048; the sum of 10 of them is a half.
  std::vector<float> x(10, 2049.0f);
  const std::array<type, 1> f16{type::f16};
  for (const core::fold_tree tree : {core::fold_tree::lanes, core::fold_tree::pairs}) {
    ASSERT_EQ(cl().build(
                  core::emit_fold(stored_as(f32, type::f16).get(), *halves_added(), f16, "opencl-cpu", tree)),
              "");
    cl().array(x);
    std::vector<_Float16> zero(1);
    void* r = cl().array(zero);
    cl().run(0, x.size(), {x.size(), 1, 1}, 1, 0);
    EXPECT_EQ(static_cast<float>(cl().read<_Float16>(r, 1)[0]), 20480.0f);
  }
}
#endif

}  // namespace
