// The spellings of math::fast: which texts may be relaxed, and that compilers keep the table's bounds with
// them.
#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "accuracy/sanitized.hpp"
#include "core/dialect/definitions.hpp"
#include "core/dialect/spelling.hpp"
#include "support/exact.hpp"
#include "support/hard_values.hpp"
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests
using core::spelling;

program_ptr only(op o, type t) {
  const bool two = vocabulary[static_cast<int>(o)].arity == 2;
  const std::vector<parameter> arguments(two ? 2 : 1, element(t));
  return traced(arguments, {t}, [&](trace_session& s) {
    return list{two ? make(o, value_of(t), {s.input(0), s.input(1)}) : make(o, value_of(t), {s.input(0)})};
  });
}

TEST(codegen_fast, a_definition_in_a_text_keeps_it_exact) {
  for (int k = 0; k < vocabulary_size; ++k) {
    const op o = static_cast<op>(k);
    if (!core::is_defined(o)) continue;
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
  constexpr const vocabulary_row& row = vocabulary[static_cast<int>(O)];
  constexpr bool two = row.arity == 2;
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE(std::string(row.name) + " " + name_of(t) + " seed " + std::to_string(seed));
  const core::generated text = core::emit_map(*only(O, t), "opencl-cpu", spelling::native);
  ASSERT_TRUE(text.fast);
  ASSERT_EQ(cl().build(text), "");
  std::vector<std::vector<T>> x = busfare_test::operands<T>(row.arity, seed, 4000);
  std::mt19937_64 draw(seed);
  for (auto& each : x) {  // where normal_cdf and exp leave the normal numbers, and of everyday size
    for (int i = 0; i < 4000; ++i)
      each.push_back(std::uniform_real_distribution<T>(sizeof(T) == 4 ? -110 : -750, 100)(draw));
    for (int i = 0; i < 4000; ++i) each.push_back(std::uniform_real_distribution<T>(-39, 9)(draw));
    for (int i = 0; i < 4000; ++i) each.push_back(std::uniform_real_distribution<T>(-1, 1)(draw));
  }
  const std::size_t n = x[0].size();
  for (auto& each : x) cl().array(each);
  std::vector<T> zero(n);
  void* const out = cl().array(zero);
  cl().run(0, n, {n, 1, 1}, n, 0);
  const std::vector<T> got = cl().template read<T>(out, n);
  double most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const T second = two ? x.back()[i] : T{};
    const double error = busfare_test::ulps(got[i], busfare_test::exact<O>(x[0][i], second, T{}), false);
    if (!(error <= row.fast_ulp)) {
      ADD_FAILURE() << x[0][i] << " " << second << " gives " << got[i] << ", wrong by " << error << " ULP";
      return;
    }
    most = std::max(most, error);
  }
  testing::Test::RecordProperty(std::string(row.name) + "_" + name_of(t), std::to_string(most));
}

template <op O> void within_the_bound() {
  if constexpr (vocabulary[static_cast<int>(O)].fast[0] != 0) {
    within_the_bound<O, float>(type::f32);
    within_the_bound<O, double>(type::f64);
  }
}

TEST(codegen_fast, an_opencl_compilers_functions_are_within_the_bounds) {
  if (busfare::accuracy::sanitized) GTEST_SKIP() << "says nothing about a sanitized build";
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  []<int... K>(std::integer_sequence<int, K...>) { (within_the_bound<static_cast<op>(K)>(), ...); }
  (std::make_integer_sequence<int, vocabulary_size>{});
}

}  // namespace
