// Samples of `busfare accuracy`: right results pass, each kind of wrong one is seen, and outcomes say so.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>

#include <busfare/error.hpp>

#include "accuracy/examine.hpp"
#include "accuracy/parts.hpp"
#include "accuracy/sanitized.hpp"

namespace {

using namespace busfare::accuracy;
using busfare::op;

const row& row_of(op what, busfare::type type) {
  const auto found = std::find_if(rows().begin(), rows().end(),
                                  [&](const row& r) { return r.op == what && r.type == type; });
  EXPECT_NE(found, rows().end());
  return *found;
}

struct drawn {
  explicit drawn(const row& what) : of(what.draw(how())), results(of->run(busfare::on("cpu"))) {}
  static sampling how() {
    sampling s;
    s.seed = std::random_device{}();
    s.each_kind = 50;
    s.threads = 3;
    return s;
  }
  template <class T> void put(std::size_t i, T v) {
    std::memcpy(results.data() + i * sizeof(T), &v, sizeof v);
  }
  template <class T> [[nodiscard]] T at(std::size_t i) const {
    T v;
    std::memcpy(&v, results.data() + i * sizeof(T), sizeof v);
    return v;
  }
  std::unique_ptr<sample> of;
  std::vector<std::byte> results;
};

TEST(accuracy_judge, every_row_of_the_vocabulary_is_judged) {
  for (int k = 0; k < busfare::vocabulary_size; ++k) {
    const auto what = static_cast<op>(k);
    if (what == op::cast || what == op::bit_cast) continue;
    if (busfare::accuracy::sanitized && what > op::normal_cdf) continue;
    EXPECT_TRUE(std::any_of(rows().begin(), rows().end(), [&](const row& r) { return r.op == what; }))
        << busfare::vocabulary[k].name;
  }
}

TEST(accuracy_judge, right_results_pass) {
  for (const auto type : {busfare::type::f32, busfare::type::f64}) {
    const drawn d(row_of(op::exp, type));
    const verdict v = d.of->judge(d.results, 2);
    EXPECT_EQ(v.tried, d.of->size());
    EXPECT_EQ(v.above, 0u);
    EXPECT_EQ(v.different, 0u);
    EXPECT_GT(v.worst_ulp, 0.4);
    EXPECT_LE(v.worst_ulp, 2);
    ASSERT_EQ(v.worst.inputs.size(), 1u);
    // What is printed reads back exactly.
    EXPECT_EQ(std::strtod(v.worst.inputs[0].c_str(), nullptr),
              type == busfare::type::f32
                  ? static_cast<double>(std::strtof(v.worst.inputs_decimal[0].c_str(), nullptr))
                  : std::strtod(v.worst.inputs_decimal[0].c_str(), nullptr));
    // A bound below the worst is passed by some.
    EXPECT_GT(d.of->judge(d.results, 0.4).above, 0u);
  }
}

TEST(accuracy_judge, one_wrong_bit_is_seen_anywhere) {
  drawn d(row_of(op::exp, busfare::type::f32));
  for (const std::size_t i : {std::size_t{0}, d.of->size() / 2, d.of->size() - 1}) {
    const auto kept = d.at<float>(i);
    d.put(i, std::nextafter(kept == kept ? kept : 1.0f, 3.0f));
    EXPECT_EQ(d.of->judge(d.results, 1000).different, 1u) << i;
    d.put(i, kept);
  }
  EXPECT_EQ(d.of->judge(d.results, 1000).different, 0u);
}

TEST(accuracy_judge, far_results_and_wrong_kinds_are_above_the_bound) {
  drawn d(row_of(op::exp, busfare::type::f32));
  // The hard values begin with +0, whose exp is 1.
  d.put(0, 1 + 8 * std::numeric_limits<float>::epsilon());
  verdict v = d.of->judge(d.results, 2);
  EXPECT_EQ(v.above, 1u);
  EXPECT_EQ(v.worst_ulp, 8);
  EXPECT_EQ(v.worst.inputs, std::vector<std::string>{"0x0p+0"});
  EXPECT_EQ(v.worst.got, "0x1.00001p+0");
  EXPECT_EQ(v.worst.wanted, "0x1p+0");
  d.put(0, std::numeric_limits<float>::quiet_NaN());
  v = d.of->judge(d.results, 2);
  EXPECT_EQ(v.above, 1u);
  EXPECT_EQ(v.worst_ulp, std::numeric_limits<double>::infinity());
  EXPECT_EQ(v.worst.got, "nan");
}

TEST(accuracy_judge, where_one_result_is_right_no_other_is) {
  drawn sum(row_of(op::add, busfare::type::f64));
  sum.put(0, -0.0);  // +0 + +0
  EXPECT_EQ(sum.of->judge(sum.results, 0).above, 1u);
  drawn whole(row_of(op::mul, busfare::type::u64));
  whole.put(7, whole.at<std::uint64_t>(7) ^ 1u);
  const verdict v = whole.of->judge(whole.results, 0);
  EXPECT_EQ(v.above, 1u);
  EXPECT_EQ(v.worst_ulp, std::numeric_limits<double>::infinity());
  EXPECT_EQ(v.worst.inputs, v.worst.inputs_decimal);
  drawn mask(row_of(op::lt, busfare::type::i32));
  mask.put(3, static_cast<std::uint8_t>(mask.at<std::uint8_t>(3) ^ 1u));
  EXPECT_EQ(mask.of->judge(mask.results, 0).above, 1u);
}

TEST(accuracy_judge, another_number_of_results_is_refused) {
  drawn d(row_of(op::neg, busfare::type::i32));
  d.results.pop_back();
  EXPECT_THROW((void)d.of->judge(d.results, 0), busfare::error);
}

TEST(accuracy_judge, verdicts_add_up) {
  verdict a, b;
  a.tried = 10;
  a.worst_ulp = 0.5;
  a.worst.inputs = {"1"};
  b.tried = 5;
  b.above = b.different = 2;
  b.worst_ulp = 3;
  b.worst.inputs = {"2"};
  b.first_difference.inputs = {"4"};
  a.add(b);
  a.add(verdict{});
  EXPECT_EQ(a.tried, 15u);
  EXPECT_EQ(a.above, 2u);
  EXPECT_EQ(a.different, 2u);
  EXPECT_EQ(a.worst_ulp, 3);
  EXPECT_EQ(a.worst.inputs, std::vector<std::string>{"2"});
  EXPECT_EQ(a.first_difference.inputs, std::vector<std::string>{"4"});
}

TEST(accuracy_judge, outcomes_say_what_was_promised) {
  outcome o;
  EXPECT_EQ(o.end(), ending::ok);
  o.seen.different = 1;
  EXPECT_EQ(o.end(), ending::different);
  o.same_bits = false;
  EXPECT_EQ(o.end(), ending::ok);
  o.seen.above = 1;
  EXPECT_EQ(o.end(), ending::above_bound);
  o.failed = true;
  EXPECT_EQ(o.end(), ending::failed);
}

examination on_cpu() {
  examination e;
  e.places = {{"cpu"}, {"nonsense:0"}, {"cpu", false, false}};
  e.how = drawn::how();
  return e;
}

TEST(accuracy_examine, devices_fail_alone) {
  const auto seen = examine(row_of(op::sqrt, busfare::type::f64), on_cpu());
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].end(), ending::ok);
  EXPECT_GT(seen[0].seen.tried, 3000u);
  EXPECT_NE(seen[1].end(), ending::ok);
  EXPECT_NE(seen[1].reason.find("nonsense:0"), std::string::npos) << seen[1].reason;
  EXPECT_EQ(seen[2].end(), ending::skipped);
  EXPECT_EQ(seen[2].seen.tried, 0u);
}

TEST(accuracy_examine, a_stop_leaves_partial_outcomes) {
  examination e = on_cpu();
  e.places.resize(1);
  e.stop = [] { return true; };
  EXPECT_TRUE(examine(row_of(op::exp, busfare::type::f32), e).front().partial);
  int asked = 0;
  e.stop = [&] { return ++asked > 1; };
  const outcome o = examine_all(row_of(op::exp, busfare::type::f32), e).front();
  EXPECT_TRUE(o.partial);
  EXPECT_TRUE(o.exhaustive);
  EXPECT_EQ(o.seen.tried, std::uint64_t{1} << 22);
  EXPECT_EQ(o.end(), ending::ok);
  EXPECT_THROW(examine_all(row_of(op::add, busfare::type::f32), e), busfare::error);
  EXPECT_THROW(examine_all(row_of(op::exp, busfare::type::f64), e), busfare::error);
}

TEST(accuracy_parts, cover_a_range_once) {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{5000}, std::size_t{40001}}) {
    for (const int threads : {-1, 1, 3, 7}) {
      std::vector<std::atomic<int>> hits(n);
      in_parts(n, threads, [&](int part, std::size_t begin, std::size_t end) {
        if (part < 0 || part >= std::max(threads, 1)) begin = end;
        for (std::size_t i = begin; i < end; ++i) ++hits[i];
      });
      EXPECT_TRUE(std::all_of(hits.begin(), hits.end(), [](const auto& h) { return h == 1; })) << n;
    }
  }
}

}  // namespace
