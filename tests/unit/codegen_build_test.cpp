// Everything that the dialects can write is accepted by the compilers that it is for.
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

#include "accuracy/sanitized.hpp"
#include "core/dialect/emit.hpp"
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests

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
  const auto pairs = core::fold_tree::pairs;
  all.push_back(core::emit_fold(nullptr, *sum_of(type::i32), narrow, dialect, pairs));
  all.push_back(core::emit_fold(nullptr, *sum_of(type::f64), wide, dialect, pairs));
  all.push_back(core::emit_fold(squared_with_index().get(), *least_with_index(), pair, dialect, pairs));
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

// A few kernels that between them use loops, tables, wide accesses, 64-bit arithmetic and groups.
TEST(codegen_kernel, nvrtc_builds_for_every_architecture_it_knows) {
  if (busfare::accuracy::sanitized) GTEST_SKIP() << "says nothing about a sanitized build";
  if (nvrtc() == nullptr) GTEST_SKIP() << "no NVRTC library";
  int n = 0;
  ASSERT_EQ(nv("nvrtcGetNumSupportedArchs", &n), 0);
  std::vector<int> all(static_cast<std::size_t>(n));
  ASSERT_EQ(nv("nvrtcGetSupportedArchs", all.data()), 0);
  EXPECT_NE(std::find(all.begin(), all.end(), 90), all.end());
  const std::array<type, 1> wide{type::f64};
  const core::generated kernels[] = {
      core::emit_map(*every_operation(type::f64), "cuda"), core::emit_map(*nested_loops(), "cuda"),
      core::emit_map(*sum_of(type::f32), "cuda"), core::emit_fold(nullptr, *sum_of(type::f64), wide, "cuda")};
  for (const int architecture : all) {
    for (const core::generated& g : kernels) {
      const std::string ptx = ptx_of(g, "sm_" + std::to_string(architecture));
      EXPECT_NE(ptx.find(".entry " + g.entry), std::string::npos) << architecture << "\n" << ptx;
      EXPECT_NE(ptx.substr(0, 6), "error:") << ptx;
    }
  }
}

// Neighbours cross memory in one access of 16 bytes, and no more than the largest array allows.
TEST(codegen_kernel, nvrtc_makes_wide_accesses) {
  if (nvrtc() == nullptr) GTEST_SKIP() << "no NVRTC library";
  const core::generated narrow = core::emit_map(*sum_of(type::f32), "cuda"),
                        wide = core::emit_map(*sum_of(type::f64), "cuda");
  EXPECT_EQ(narrow.width, 4u);
  EXPECT_EQ(wide.width, 2u);
  for (const core::generated& g : {narrow, wide}) {
    const std::string ptx = ptx_of(g), lanes = g.width == 4 ? "v4" : "v2";
    EXPECT_NE(ptx.find("ld.global." + lanes), std::string::npos) << ptx;
    EXPECT_NE(ptx.find("st.global." + lanes), std::string::npos) << ptx;
    EXPECT_EQ(ptx.find(".local"), std::string::npos) << ptx;
  }
  EXPECT_EQ(core::emit_map(*nested_loops(), "cuda").width, 1u);
  EXPECT_EQ(core::emit_map(*sum_of(type::f32), "opencl-gpu").width, 1u);
}

}  // namespace
