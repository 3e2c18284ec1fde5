// The spellings of math::fast: which texts may be relaxed, and that compilers keep the table's bounds with
// them.
#include <algorithm>
#include <cstring>
#include <random>

#include "core/dialect/definitions.hpp"
#include "core/dialect/spelling.hpp"
#include "support/exact.hpp"
#include "support/hard_values.hpp"
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests
using core::spelling;

program_ptr only(op o, type t) {
  return traced({element(t)}, {t},
                [&](trace_session& s) { return list{make(o, value_of(t), {s.input(0)})}; });
}

TEST(codegen_fast, a_definition_in_a_text_keeps_it_exact) {
  for (int k = 0; k < vocabulary_size; ++k) {
    const op o = static_cast<op>(k);
    if (!core::is_defined(o) || vocabulary[k].arity != 1) continue;
    const program_ptr p = only(o, type::f32);
    const bool named = vocabulary[k].fast[0] != 0;
    for (const char* dialect : {"cuda", "opencl-gpu", "opencl-cpu"}) {
      const core::generated exact = core::emit_map(*p, dialect),
                            native = core::emit_map(*p, dialect, spelling::native);
      EXPECT_FALSE(exact.fast);
      EXPECT_EQ(native.fast, named) << vocabulary[k].name;
      EXPECT_EQ(native.source == exact.source, !named) << vocabulary[k].name;
      EXPECT_EQ(native.entry, exact.entry);
      EXPECT_EQ(core::emit_map(*p, dialect, spelling::defined).source, exact.source);
      EXPECT_FALSE(core::emit_map(*p, dialect, spelling::defined).fast);
    }
  }
}

TEST(codegen_fast, text_without_floats_is_the_same) {
  const core::generated exact = core::emit_map(*sum_of(type::i32), "opencl-gpu"),
                        fast = core::emit_map(*sum_of(type::i32), "opencl-gpu", spelling::native);
  EXPECT_FALSE(fast.fast);
  EXPECT_EQ(exact.source, fast.source);
  const core::generated floats = core::emit_map(*sum_of(type::f32), "opencl-gpu", spelling::defined);
  EXPECT_TRUE(floats.fast);
  EXPECT_EQ(floats.source.find("#pragma OPENCL FP_CONTRACT ON\n"), 0u);
}

TEST(codegen_fast, folds_are_relaxed_as_maps_are) {
  const std::array<type, 1> of{type::f32};
  const program_ptr grown = only(op::exp, type::f32);
  for (const auto tree : {core::fold_tree::lanes, core::fold_tree::pairs}) {
    const auto text = [&](const program* element, spelling how) {
      return core::emit_fold(element, *sum_of(type::f32), of, "opencl-gpu", tree, how);
    };
    EXPECT_FALSE(text(grown.get(), spelling::exact).fast);
    EXPECT_FALSE(text(grown.get(), spelling::defined).fast);
    EXPECT_TRUE(text(nullptr, spelling::defined).fast);
    const core::generated native = text(grown.get(), spelling::native);
    EXPECT_TRUE(native.fast);
    EXPECT_NE(native.source.find(" = exp(v"), std::string::npos) << native.source;
  }
}

// Every type in each spelling; every word of the column is among the operations.
TEST(codegen_fast, compilers_take_every_spelling) {
  for (const type t : {type::f32, type::f64}) {
    for (const spelling how : {spelling::defined, spelling::native}) {
      for (const char* dialect : {"opencl-cpu", "opencl-gpu"}) {
        if (!cl().here()) continue;
        EXPECT_EQ(cl().build(core::emit_map(*every_operation(t), dialect, how)), "");
      }
      if (nvrtc() != nullptr) {
        const std::string ptx = ptx_of(core::emit_map(*every_operation(t), "cuda", how));
        EXPECT_NE(ptx.substr(0, 6), "error:") << ptx;
      }
    }
  }
  if (!cl().here() && nvrtc() == nullptr) GTEST_SKIP() << "neither OpenCL nor NVRTC";
}

template <op O, class T> void within_the_bound(type t) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(std::string(vocabulary[static_cast<int>(O)].name) + " " + name_of(t) + " seed " +
               std::to_string(seed));
  const core::generated text = core::emit_map(*only(O, t), "opencl-cpu", spelling::native);
  ASSERT_TRUE(text.fast);
  ASSERT_EQ(cl().build(text), "");
  std::vector<T> x = busfare_test::operands<T>(1, seed, 20000)[0];
  std::mt19937_64 draw(seed);
  for (int i = 0; i < 20000; ++i)  // where normal_cdf and exp leave the normal numbers
    x.push_back(std::uniform_real_distribution<T>(sizeof(T) == 4 ? -110 : -750, 100)(draw));
  for (int i = 0; i < 20000; ++i) x.push_back(std::uniform_real_distribution<T>(-39, 9)(draw));
  cl().array(x);
  std::vector<T> zero(x.size());
  void* const out = cl().array(zero);
  cl().run(0, x.size(), {x.size(), 1, 1}, x.size(), 0);
  const std::vector<T> got = cl().template read<T>(out, x.size());
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = busfare_test::ulps(got[i], busfare_test::exact<O>(x[i], T{}, T{}));
    if (!(error <= vocabulary[static_cast<int>(O)].fast_ulp)) {
      ADD_FAILURE() << x[i] << " gives " << got[i] << ", wrong by " << error << " ULP";
      return;
    }
    most = std::max(most, error);
  }
  testing::Test::RecordProperty(std::string(vocabulary[static_cast<int>(O)].name) + "_" + name_of(t),
                                std::to_string(most));
}

template <op O> void within_the_bound() {
  within_the_bound<O, float>(type::f32);
  within_the_bound<O, double>(type::f64);
}

TEST(codegen_fast, an_opencl_compilers_functions_are_within_the_bounds) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  within_the_bound<op::exp>();
  within_the_bound<op::log>();
  within_the_bound<op::normal_cdf>();
}

}  // namespace
