// Folds on the cpu, on hand-written kernels: the fixed tree, fused steps, components, ragged tails.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <random>
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
void index_and_shape(const cpu_block& b) noexcept {  // no inputs: flat index, and column of a 2-D shape
  for (std::uint64_t i = 0; i < b.count; ++i) {
    put(b.out[0], i, b.first + i);
    put(b.out[1], i, static_cast<std::uint8_t>((b.first + i) % b.shape[2]));
  }
}
// A scalar reading of the fixed tree.
float tree(const float* x, std::uint64_t n) {
  constexpr std::uint64_t lanes = tree_lanes(4);
  float lane[lanes];
  const std::uint64_t held = std::min(n, lanes);
  for (std::uint64_t j = 0; j < held; ++j) {
    lane[j] = x[j];
    for (std::uint64_t i = j + lanes; i < n; i += lanes) lane[j] += x[i];
  }
  for (std::uint64_t h = lanes / 2; h > 0; h /= 2)
    for (std::uint64_t j = 0; j < h; ++j)
      if (j + h < held) lane[j] += lane[j + h];
  return lane[0];
}
void fold_sum(const cpu_fold_block& b) noexcept {
  put(b.out[0], 0, tree(reinterpret_cast<const float*>(b.in[0]), b.count));
}
void fold_two(const cpu_fold_block& b) noexcept {  // the sum, and the last of a second component
  fold_sum(b);
  put(b.out[1], 0, get<std::uint64_t>(b.in[1], b.count - 1));
}

constexpr cpu_code all(cpu_entry e) { return {{e, e, e}, false}; }
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

std::vector<float> numbers_of(std::size_t n, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> v(n);
  for (float& x : v) x = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 64;
  return v;
}

constexpr parameter in_f32{parameter_kind::element, type::f32}, out_f32{parameter_kind::result, type::f32};
isa widest() { return cpu::supports(isa::avx2) ? isa::avx2 : isa::base; }

build_request folding(std::span<const parameter> p, std::span<const step> steps,
                      std::span<const type> temporaries, const cpu_fold_code& fold,
                      std::span<const int> slots) {
  build_request r;
  r.work = backend::work::fold;
  r.parameters = p;
  r.steps = steps;
  r.temporaries = temporaries;
  r.fold = &fold;
  r.fold_slots = slots;
  return r;
}

TEST(cpu_fold, sums_by_the_fixed_tree_with_and_without_steps) {
  const cpu_fold_code fold{{fold_sum, +[](const cpu_fold_block& b) noexcept { fold_sum(b); }, fold_sum},
                           false};
  const cpu_code c_add = all(add), c_twice = all(twice);
  const int slots0[] = {0}, slots2[] = {2}, slots3[] = {3};
  const int in0[] = {0}, out0[] = {2}, in1[] = {2, 0}, out1[] = {3};
  const step s[] = {{&c_twice, in0, out0, {}}, {&c_add, in1, out1, {}}};
  const type temporaries[] = {type::f32, type::f32};
  const parameter p[] = {in_f32, out_f32};
  for (const std::size_t steps : {0u, 1u, 2u}) {
    const std::span<const int> slots = steps == 0   ? std::span<const int>(slots0)
                                       : steps == 1 ? slots2
                                                    : slots3;
    cpu::executable e(folding(p, {s, steps}, {temporaries, steps}, fold, slots), widest());
    for (const std::uint64_t n : {0u, 1u, 63u, 65u, 4095u, 4096u, 4097u, 50001u, 1u << 20}) {
      for (const std::uint64_t first : {0u, 8192u}) {
        auto x = numbers_of(n + first);
        const std::uint64_t blocks = (n + tree_block - 1) / tree_block;
        std::vector<float> z(blocks + 1, -7);
        const argument a[] = {memory(x.data()), memory(z.data())};
        if (n + first != 0) e.run(over(a, n, first));
        for (float& v : x) v = steps == 0 ? v : steps == 1 ? 2 * v : 2 * v + v;
        for (std::uint64_t b = 0; b < blocks; ++b)
          ASSERT_EQ(z[b], tree(x.data() + first + b * tree_block, std::min(tree_block, n - b * tree_block)))
              << steps << " steps, " << n << " from " << first << ", block " << b;
        ASSERT_EQ(z[blocks], -7);
      }
    }
    std::vector<float> z(1);
    const argument a[] = {memory(z.data()), memory(z.data())};
    EXPECT_THROW(e.run(over(a, 1, 5)), error);
  }
}

TEST(cpu_fold, folds_several_components_and_broadcasts) {
  const cpu_fold_code fold{{fold_two, fold_two, fold_two}, false};
  const cpu_code c_index = all(index_and_shape);
  const int out0[] = {3, 4}, slots[] = {0, 3};
  const step s[] = {{&c_index, {}, out0, {}}};
  const type temporaries[] = {type::u64, type::u8};
  const parameter p[] = {
      {parameter_kind::broadcast, type::f32}, out_f32, {parameter_kind::result, type::u64}};
  cpu::executable e(folding(p, s, temporaries, fold, slots), widest());
  const float half = 0.5f;
  float sums[3] = {};
  std::uint64_t last[3] = {};
  const argument a[] = {memory(&half), memory(sums), memory(last)};
  e.run(over(a, 10000));
  EXPECT_EQ(sums[0], 2048);
  EXPECT_EQ(sums[2], (10000 - 8192) * 0.5f);
  EXPECT_EQ(last[0], 4095u);
  EXPECT_EQ(last[2], 9999u);
}

// A map and a fold recorded by one call: whole tree blocks go through the entry that does both, the rest and
// other operations do not.
std::atomic<int> both_called = 0;
void twice_and_sum(const cpu_block& b, std::byte* const* folded) noexcept {
  ++both_called;
  std::vector<float> x(tree_block);
  std::byte* const out[] = {reinterpret_cast<std::byte*>(x.data())};
  cpu_block mapped = b;
  mapped.out = out;
  twice(mapped);
  put(folded[0], 0, tree(x.data(), tree_block));
}

constexpr cpu_fold_code sum_of_blocks{{fold_sum, fold_sum, fold_sum}, false};
constexpr cpu_fold_code another_sum = sum_of_blocks;

cpu::executable twice_then(const cpu_fold_code& fold, const cpu_code& code) {
  static constexpr int in[] = {0}, out[] = {2};
  static constexpr type temporaries[] = {type::f32};
  static constexpr parameter p[] = {in_f32, out_f32};
  const step s[] = {{&code, in, out, {}}};
  return {folding(p, s, temporaries, fold, out), isa::base};
}

TEST(cpu_fold, a_map_that_knows_its_fold_takes_whole_tree_blocks_with_it) {
  const cpu_folded_code both{&sum_of_blocks, {twice_and_sum, twice_and_sum, twice_and_sum}};
  const cpu_code code{{twice, twice, twice}, false, &both};
  for (const cpu_fold_code* op : {&sum_of_blocks, &another_sum}) {
    cpu::executable e = twice_then(*op, code);
    for (const std::uint64_t n : {4095u, 3u * 4096u, 2u * 4096u + 100u}) {
      std::vector<float> x = numbers_of(n + 4096);
      std::vector<float> z(n / tree_block + 1, -7);
      const argument a[] = {memory(x.data()), memory(z.data())};
      e.run(over(a, n, 4096));  // once more, since the first run is compared with its parts
      both_called = 0;
      e.run(over(a, n, 4096));
      EXPECT_EQ(both_called.load(), op == &sum_of_blocks ? static_cast<int>(n / tree_block) : 0) << n;
      for (float& v : x) v *= 2;
      for (std::uint64_t b = 0; b * tree_block < n; ++b)
        EXPECT_EQ(z[b], tree(x.data() + (b + 1) * tree_block, std::min(tree_block, n - b * tree_block)));
    }
  }
}

// Also where the launches before were too short to tell.
TEST(cpu_fold, a_map_and_fold_in_one_that_differs_from_its_parts_is_caught) {
  const cpu_folded_entry wrong = [](const cpu_block& b, std::byte* const* folded) noexcept {
    twice_and_sum(b, folded);
    put(folded[0], 0, get<float>(folded[0]) + 1);
  };
  const cpu_folded_code both{&sum_of_blocks, {wrong, wrong, wrong}};
  const cpu_code code{{twice, twice, twice}, false, &both};
  std::vector<float> x(tree_block, 0.5f), z(1);
  const argument a[] = {memory(x.data()), memory(z.data())};
  for (const bool short_first : {false, true}) {
    cpu::executable e = twice_then(sum_of_blocks, code);
    if (short_first) e.run(over(a, 100));
    try {
      e.run(over(a, tree_block));
      FAIL() << "not caught";
    } catch (const error& failure) {
      EXPECT_NE(failure.message().find("map and fold in one"), std::string::npos) << failure.what();
      EXPECT_NE(failure.message().find("4097"), std::string::npos) << failure.what();
    }
  }
}

}  // namespace
