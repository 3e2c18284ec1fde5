// The interpreter means what every other reading means: each row against what the cpu device stores, and
// whole random programs against the fuzzers' reference. Conversions and storage: the conformance suite in
// check mode.
#include "core/interpreter.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <busfare/busfare.hpp>

#include "accuracy/accuracy.hpp"
#include "fuzz/random_program.hpp"
#include "support/checking.hpp"
#include "support/printed_seed.hpp"

namespace {

namespace bf = busfare;
using busfare_test::checking;

std::string other_bits(const std::vector<bf::finding>& all) {
  std::ostringstream text;
  for (const bf::finding& f : all)
    if (f.kind == bf::finding_kind::other_bits) text << f << '\n';
  return text.str();
}

TEST(interpreter, every_row_of_the_vocabulary_is_what_the_cpu_stores) {
  const checking on;
  bf::accuracy::sampling how;
  how.seed = busfare_test::printed_seed();
  for (const bf::accuracy::row& row : bf::accuracy::rows()) {
    const std::uint64_t before = bf::stats().launches;
    (void)row.draw(how)->run(bf::on("cpu"));
    EXPECT_GT(bf::stats().launches, before);
    EXPECT_EQ(other_bits(bf::take_findings()), "") << row.facts().name << '_' << bf::name_of(row.type);
  }
}

TEST(interpreter, masks_tables_indices_and_narrow_arguments) {
  const checking on;
  std::vector<std::uint8_t> bytes(1000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  std::vector<std::int16_t> shorts(1000);
  for (std::size_t i = 0; i < shorts.size(); ++i) shorts[i] = static_cast<std::int16_t>(i * 9173);
  const auto kernel = [](auto v, auto all, auto k, auto w) {
    return std::tuple(v > 100 || !(v < k), all[v * k] + w, (v < 9) + 1, bf::select(v == 7, v<3, v> 9));
  };
  const auto one = bf::sum(bf::on("cpu"), bf::copy_of(std::vector<int>{3, 4}));
  const auto [a, b, c, d] =
      bf::map(bf::on("cpu"), kernel, bf::copy_of(bytes), bf::whole(bf::copy_of(shorts)), one, 5);
  (void)bf::run(a, b, c, d);
  const auto coordinates = [](auto i, auto j, auto k) { return i * 1000 + j * 37 + k; };
  (void)bf::run(bf::generate(bf::on("cpu"), bf::extents{7, 11, 13}, coordinates));
  EXPECT_EQ(other_bits(bf::take_findings()), "");
}

// Blocks of lanes that differ in everything but the program.
TEST(interpreter, random_programs_are_what_the_reference_computes) {
  std::mt19937_64 draw(busfare_test::printed_seed());
  int loops = 0;
  for (int round = 0; round < 1500; ++round) {
    std::vector<std::uint8_t> text(300);
    for (std::uint8_t& each : text) each = static_cast<std::uint8_t>(draw());
    fuzz::bytes in(text);
    fuzz::random_arguments arguments = fuzz::arguments_from(in);
    fuzz::random_program recorder(arguments, in);
    const bf::program_ptr p = recorder.record();
    loops += p->loops.empty() ? 0 : 1;

    constexpr std::size_t lanes = 9;
    constexpr std::uint64_t first = 37;  // in the second plane and the next
    std::vector<fuzz::surroundings> held(lanes, arguments.held);
    std::vector<std::vector<std::uint64_t>> memory(p->arguments.size());
    bf::core::launch_contents from;
    const std::uint64_t shape[3] = {5, 6, 7};
    std::memcpy(from.shape, shape, sizeof shape);
    for (std::size_t k = 0; k < p->arguments.size(); ++k) {
      using bf::backend::parameter_kind;
      const bf::type stored = p->arguments[k].type;
      const parameter_kind kind = p->arguments[k].kind;
      bf::core::argument_contents a;
      std::vector<std::uint64_t> values = arguments.held.tables[k];
      if (kind == parameter_kind::number) {
        a.number = arguments.held.values[k];
      } else {
        if (kind == parameter_kind::broadcast) values = {arguments.held.values[k]};
        if (kind == parameter_kind::element) {
          for (fuzz::surroundings& lane : held) {
            lane.values[k] = fuzz::through_memory(draw(), stored);
            values.push_back(lane.values[k]);
          }
        }
        // The block's first element is not the launch's first.
        const std::size_t from_first = kind == parameter_kind::element ? first : 0;
        memory[k].resize(from_first + values.size() + 1);
        auto* const to = reinterpret_cast<std::byte*>(memory[k].data());
        for (std::size_t i = 0; i < values.size(); ++i)
          bf::core::store_column(to + (from_first + i) * bf::size_of(stored), stored, bf::value_of(stored),
                                 &values[i], 1);
        a.data = to;
        a.size = values.size();
        a.one_value = kind == parameter_kind::broadcast;
      }
      from.arguments.push_back(a);
    }
    bf::core::interpreter again(*p, from, [](const bf::core::sighting&) {});
    again.run(first, lanes);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const std::uint64_t flat = first + lane;
      held[lane].extent = {5, 6, 7};
      held[lane].index = {static_cast<std::int64_t>(flat / 7 / 6), static_cast<std::int64_t>(flat / 7 % 6),
                          static_cast<std::int64_t>(flat % 7)};
      const fuzz::evaluation meant(*p, held[lane]);
      for (std::size_t r = 0; r < p->results.size(); ++r) {
        const bf::value_type t = p->nodes[p->results[r]].type;
        const std::size_t size = bf::core::column_size(t);
        std::uint64_t got = 0;
        std::memcpy(&got, static_cast<const std::byte*>(again.result(r)) + lane * size, size);
        ASSERT_TRUE(fuzz::equal_bits(got, meant.result(r), t)) << "round " << round << ", lane " << lane;
      }
    }
  }
  EXPECT_GT(loops, 100);
}

}  // namespace
