// Random kernels mean the same in vectors, for a CPU, as one element at a time.
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "core/dialect/emit.hpp"
#include "core/program_text.hpp"
#include "fuzz/random_program.hpp"
#include "support/kernel_compilers.hpp"
#include "support/printed_seed.hpp"

namespace {

using namespace busfare_tests;  // NOLINT: tests

using raw = std::vector<std::uint8_t>;

// Hard values often, any bits else; small numbers, so that places and limits mean something.
raw contents(type t, std::size_t n, std::mt19937_64& draw) {
  raw all;
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t b = draw();
    switch (draw() % 4) {
      case 0:
        b = draw() % 300;
        break;
      case 1:
        if (t == type::f32) b = std::bit_cast<std::uint32_t>(static_cast<float>(draw() % 4096) / 64.0f - 32);
        if (t == type::f64) b = std::bit_cast<std::uint64_t>(static_cast<double>(draw() % 4096) / 64 - 32);
        break;
      case 2:
        b = draw() % 2 == 0 ? 0 : ~std::uint64_t{0};
        break;
      default:
        break;
    }
    all.insert(all.end(), reinterpret_cast<const std::uint8_t*>(&b),
               reinterpret_cast<const std::uint8_t*>(&b) + size_of(t));
  }
  return all;
}

struct job {
  fuzz::random_arguments arguments;
  std::vector<raw> memory;  // per argument
  std::array<std::uint64_t, 3> shape;
  std::uint64_t first, count;
};

void set_arguments(job& j) {
  for (std::size_t k = 0; k < j.memory.size(); ++k) {
    const backend::parameter& a = j.arguments.list[k];
    if (a.kind == parameter_kind::number) {
      if (size_of(a.type) == 8)
        cl().number(j.arguments.held.values[k]);
      else
        cl().number(static_cast<std::uint32_t>(j.arguments.held.values[k]));
      continue;
    }
    raw some = j.memory[k];
    if (some.empty()) some.push_back(0);  // OpenCL has no empty buffer
    cl().array(some);
    if (a.kind == parameter_kind::whole)
      cl().number(static_cast<std::int64_t>(j.memory[k].size() / size_of(a.type)));
  }
}

std::vector<raw> results_of(job& j, const std::vector<type>& stored, std::uint64_t elements,
                            std::size_t items, std::size_t group) {
  set_arguments(j);
  std::vector<void*> out;
  for (const type t : stored) {
    raw zeros(elements * size_of(t));
    out.push_back(cl().array(zeros));
  }
  cl().run(j.first, j.count, j.shape, items, group);
  std::vector<raw> results;
  for (std::size_t r = 0; r < out.size(); ++r)
    results.push_back(cl().read<std::uint8_t>(out[r], elements * size_of(stored[r])));
  return results;
}

std::vector<raw> run(const program& p, const char* dialect, job& j, const char* definitions = "") {
  const core::generated g = core::emit_map(p, dialect);
  EXPECT_EQ(cl().build(g, definitions), "");
  return results_of(j, p.stored, j.first + j.count, g.width > 1 ? 5 : (j.count + 15) / 16 * 16,
                    g.width > 1 ? 1 : 16);
}

// Sums of all its results, each by the fixed tree.
program_ptr sums(const std::vector<type>& components) {
  std::vector<parameter> arguments;
  std::vector<type> stored;
  for (int twice = 0; twice < 2; ++twice)
    for (const type t : components) arguments.push_back(element(compute_of(t)));
  for (const type t : components) stored.push_back(compute_of(t));
  const int k = static_cast<int>(components.size());
  return traced(arguments, stored, [&](trace_session& s) {
    list all;
    for (int i = 0; i < k; ++i)
      all.push_back(
          make(op::add, value_of(components[static_cast<std::size_t>(i)]), {s.input(i), s.input(i + k)}));
    return all;
  });
}

std::vector<raw> run_fold(const program& p, const program& operation, const char* dialect, job& j,
                          const char* definitions = "") {
  const core::generated g = core::emit_fold(&p, operation, p.stored, dialect);
  EXPECT_EQ(cl().build(g, definitions), "");
  const bool groups = std::string_view(dialect) == "opencl-gpu";
  const std::size_t lanes = core::fold_lanes(operation), blocks = (j.count + 4095) / 4096;
  return results_of(j, operation.stored, blocks, groups ? blocks * lanes : blocks, groups ? lanes : 1);
}

bool is_nan(type t, const std::uint8_t* at) {
  if (t == type::f32) {
    float x;
    std::memcpy(&x, at, sizeof x);
    return x != x;
  }
  if (t == type::f64) {
    double x;
    std::memcpy(&x, at, sizeof x);
    return x != x;
  }
  return false;
}

testing::AssertionResult same(const std::vector<raw>& got, const std::vector<raw>& want,
                              const std::vector<type>& stored, std::uint64_t from, std::uint64_t to) {
  for (std::size_t r = 0; r < got.size(); ++r)
    for (std::uint64_t i = from; i < to; ++i) {
      const type t = stored[r];
      const std::uint8_t *const a = &got[r][i * size_of(t)], *const b = &want[r][i * size_of(t)];
      if (std::memcmp(a, b, size_of(t)) == 0 || (is_nan(t, a) && is_nan(t, b))) continue;
      return testing::AssertionFailure() << "result " << r << ", element " << i;
    }
  return testing::AssertionSuccess();
}

TEST(codegen_random, vectors_mean_what_one_element_means) {
  if (!cl().here()) GTEST_SKIP() << "no OpenCL platform or device";
  std::mt19937_64 draw(busfare_test::printed_seed());
  constexpr std::array<std::uint64_t, 3> shapes[] = {{75, 1, 1}, {3, 37, 1},  {2, 3, 21},
                                                     {40, 2, 1}, {7, 1, 1},   {190, 1, 1},
                                                     {5, 41, 1}, {2, 900, 1}, {1500, 1, 1}};
  int written_in_vectors = 0;
  for (int round = 0; round < 24; ++round) {
    std::vector<std::uint8_t> text(60 + draw() % 300);
    for (std::uint8_t& each : text) each = static_cast<std::uint8_t>(draw());
    fuzz::bytes in(text);
    job j;
    for (std::size_t k = draw() % 4 + 1; k > 0; --k) j.arguments.add(in, {});
    const program_ptr p = fuzz::random_program(j.arguments, in).record();
    j.shape = shapes[draw() % std::size(shapes)];
    const std::uint64_t all = j.shape[0] * j.shape[1] * j.shape[2];
    j.first = draw() % 3 == 0 ? draw() % all : 0;
    j.count = all - j.first;
    for (const backend::parameter& a : j.arguments.list)
      j.memory.push_back(a.kind == parameter_kind::element     ? contents(a.type, all, draw)
                         : a.kind == parameter_kind::broadcast ? contents(a.type, 1, draw)
                         : a.kind == parameter_kind::whole     ? contents(a.type, draw() % 90, draw)
                                                               : raw());
    written_in_vectors += core::emit_map(*p, "opencl-cpu").width > 1;
    const std::string where = "round " + std::to_string(round) + ", " + std::to_string(j.shape[0]) + " x " +
                              std::to_string(j.shape[1]) + " x " + std::to_string(j.shape[2]) + "\n" +
                              core::text(*p);
    const char* const definitions = round % 2 == 0 ? "" : streams_all;
    ASSERT_TRUE(same(run(*p, "opencl-cpu", j, definitions), run(*p, "opencl-gpu", j), p->stored, j.first,
                     j.first + j.count))
        << where << core::emit_map(*p, "opencl-cpu").source;
    if (round % 2 == 0) continue;
    const program_ptr operation = sums(p->stored);
    j.first = 0;
    j.count = all;
    ASSERT_TRUE(same(run_fold(*p, *operation, "opencl-cpu", j, definitions),
                     run_fold(*p, *operation, "opencl-gpu", j), operation->stored, 0, (all + 4095) / 4096))
        << where << core::emit_fold(p.get(), *operation, p->stored, "opencl-cpu").source;
  }
  EXPECT_GT(written_in_vectors, 8);
}

}  // namespace
