// write_part: what crosses afterwards, who sees what, and the ranges that say so.
#include <algorithm>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/stale_ranges.hpp"
#include "support/far_device.hpp"
#include "support/printed_seed.hpp"

namespace {

namespace bf = busfare;
using bf::core::byte_range;
using bf::core::stale_ranges;

const bf::options far{.device = "sim:h200-pcie5"};

struct negated {
  auto operator()(auto x) const { return -x; }
};

std::vector<std::int32_t> counted(std::size_t n) {
  std::vector<std::int32_t> v(n);
  std::iota(v.begin(), v.end(), 1);
  return v;
}

std::vector<std::int32_t> minus(std::vector<std::int32_t> v) {
  for (std::int32_t& each : v) each = -each;
  return v;
}

std::vector<std::int32_t> values(const bf::array<std::int32_t>& a) {
  const auto view = a.host();
  return {view.begin(), view.end()};
}

std::vector<bf::transfer> uploads(const bf::receipt& r) {
  std::vector<bf::transfer> all;
  for (const bf::transfer& t : r.plan.transfers)
    if (t.direction == bf::direction::upload) all.push_back(t);
  return all;
}

TEST(stale_ranges, touching_ones_become_one_and_more_than_four_the_closest) {
  stale_ranges s;
  EXPECT_TRUE(s.empty());
  s.add({5, 5});
  EXPECT_TRUE(s.empty());
  s.add({10, 20});
  s.add({30, 40});
  s.add({0, 5});
  EXPECT_EQ(s.bytes(), 25u);
  s.add({20, 30});  // closes the gap
  ASSERT_EQ(s.all().size(), 2u);
  EXPECT_EQ(s.all()[0], (byte_range{0, 5}));
  EXPECT_EQ(s.all()[1], (byte_range{10, 40}));
  s.add({100, 110});
  s.add({200, 210});
  s.add({112, 120});
  ASSERT_EQ(s.all().size(), 4u);
  EXPECT_EQ(s.all()[2], (byte_range{100, 120}));
  s.add({0, 300});
  ASSERT_EQ(s.all().size(), 1u);
  EXPECT_EQ(s.bytes(), 300u);
}

TEST(stale_ranges, cover_all_that_was_added_in_order_and_apart) {
  std::mt19937 random(busfare_test::printed_seed());
  for (int round = 0; round < 200; ++round) {
    stale_ranges s;
    std::vector<bool> added(200);
    for (int k = 0; k < 12; ++k) {
      const std::size_t from = random() % 200, to = from + random() % (201 - from);
      s.add({from, to});
      for (std::size_t i = from; i < to; ++i) added[i] = true;
      std::vector<bool> covered(200);
      std::size_t last = 0;
      bool first = true;
      for (const byte_range& r : s.all()) {
        ASSERT_LT(r.from, r.to);
        if (!first) {
          ASSERT_GT(r.from, last);
        }
        first = false;
        last = r.to;
        for (std::size_t i = r.from; i < r.to; ++i) covered[i] = true;
      }
      ASSERT_LE(s.all().size(), stale_ranges::most);
      for (std::size_t i = 0; i < 200; ++i) ASSERT_LE(added[i], covered[i]) << i;
      ASSERT_EQ(s.bytes(), static_cast<std::size_t>(std::count(covered.begin(), covered.end(), true)));
    }
  }
}

TEST(array_parts, only_what_was_written_crosses_again) {
  constexpr std::size_t n = 1 << 20;
  auto x = bf::copy_of(counted(n));
  std::vector<std::int32_t> want = counted(n);
  EXPECT_EQ(uploads(bf::run(bf::map(far, negated{}, x)))[0].bytes, n * 4);
  const auto taken = bf::stats().writes_taken_over;
  {
    auto w = x.write_part(1000, 24);
    ASSERT_EQ(w.size(), 24u);
    EXPECT_EQ(w[0], 1001);
    for (std::int32_t& v : w) v += 5;
  }
  for (std::size_t i = 1000; i < 1024; ++i) want[i] += 5;
  EXPECT_EQ(bf::stats().writes_taken_over, taken + 1);
  {
    auto w = x.write_part(n - 1, 1);
    w[0] = 77;
  }
  want[n - 1] = 77;

  const auto y = bf::map(far, negated{}, x);
  const bf::plan quoted = bf::quote(y);
  const auto priced =
      std::find_if(quoted.transfers.begin(), quoted.transfers.end(),
                   [](const bf::transfer& t) { return t.direction == bf::direction::upload; });
  ASSERT_NE(priced, quoted.transfers.end());
  EXPECT_EQ(priced->bytes, 25 * 4u);
  EXPECT_EQ(priced->avoided, (n - 25) * 4);
  EXPECT_NE(priced->cause.find("in part"), std::string::npos) << priced->cause;
  const std::vector<bf::transfer> crossed = uploads(bf::run(y));
  ASSERT_EQ(crossed.size(), 1u);
  EXPECT_EQ(crossed[0].bytes, 25 * 4u);
  EXPECT_EQ(crossed[0].avoided, (n - 25) * 4);
  EXPECT_NE(crossed[0].cause.find("in part"), std::string::npos) << crossed[0].cause;
  EXPECT_EQ(values(y), minus(want));
  // Now it is there whole.
  const std::vector<bf::transfer> again =
      uploads(bf::run(bf::map(far, negated{}, bf::map(far, negated{}, x))));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].bytes, 0u);
  EXPECT_EQ(values(x), want);
}

// Contents that only a device had come home whole for the write; the device's copy stays.
TEST(array_parts, of_what_a_device_computed) {
  auto x = bf::map(far, negated{}, bf::copy_of(counted(4096)));
  bf::run(x);
  x.write_part(7, 1)[0] = 1;
  std::vector<std::int32_t> want = minus(counted(4096));
  want[7] = 1;
  const auto y = bf::map(far, negated{}, x);
  const std::vector<bf::transfer> crossed = uploads(bf::run(y));
  ASSERT_EQ(crossed.size(), 1u);
  EXPECT_EQ(crossed[0].bytes, 4u);
  EXPECT_EQ(values(y), minus(want));
}

TEST(array_parts, other_owners_keep_their_version_and_the_copy_on_the_device) {
  auto x = bf::copy_of(counted(4096));
  const auto old = x;
  bf::run(bf::map(far, negated{}, x));
  const auto copied = bf::stats().writes_copied;
  x.write_part(0, 2)[1] = -9;
  EXPECT_EQ(bf::stats().writes_copied, copied + 1);
  std::vector<std::int32_t> want = counted(4096);
  EXPECT_EQ(values(old), want);
  const std::vector<bf::transfer> of_old = uploads(bf::run(bf::map(far, negated{}, old)));
  ASSERT_EQ(of_old.size(), 1u);
  EXPECT_EQ(of_old[0].bytes, 0u);
  want[1] = -9;
  const auto y = bf::map(far, negated{}, x);
  EXPECT_EQ(uploads(bf::run(y))[0].bytes, 4096 * 4u);
  EXPECT_EQ(values(y), minus(want));
}

// The second of two ranges cannot be sent: the device's copy, half new, is not believed.
TEST(array_parts, of_a_failed_run_are_sent_again_whole) {
  const auto how = std::make_shared<far_device::behaviour>();
  far_device::add("far:parts", "host", how);
  const bf::options there = bf::on("far:parts");
  auto x = bf::copy_of(counted(3000));
  bf::run(bf::map(there, negated{}, x));
  std::vector<std::int32_t> want = counted(3000);
  x.write_part(10, 1)[0] = want[10] = 7;
  x.write_part(2000, 1)[0] = want[2000] = 8;
  const auto y = bf::map(there, negated{}, x);
  int copies = 0, waits = 0;
  how->at_copy = [&](busfare::backend::engine which) {
    if (which == busfare::backend::engine::upload && ++copies == 2)
      throw bf::error(bf::error_class::transient, "the link hiccuped");
  };
  how->at_end = [&](busfare::backend::engine which) {
    if (which == busfare::backend::engine::upload) ++waits;
  };
  EXPECT_THROW(bf::run(y), bf::error);
  EXPECT_EQ(copies, 2);
  EXPECT_GE(waits, 1) << "the first copy was queued, and its memory must not be used before it is over";
  how->at_copy = nullptr;
  how->at_end = nullptr;
  EXPECT_EQ(uploads(bf::run(y))[0].bytes, 12000u);
  EXPECT_EQ(values(y), minus(want));
}

TEST(array_parts, after_a_prefetch_that_is_over) {
  far_device::add("far:fetched", "host",
                  std::make_shared<far_device::behaviour>());  // whose copies end at once
  auto x = bf::copy_of(counted(4096));
  bf::prefetch(x, "far:fetched");
  x.write_part(5, 2)[0] = 0;
  std::vector<std::int32_t> want = counted(4096);
  want[5] = 0;
  const auto y = bf::map(bf::on("far:fetched"), negated{}, x);
  EXPECT_EQ(uploads(bf::run(y))[0].bytes, 8u);
  EXPECT_EQ(values(y), minus(want));
}

// Any order of writes, parts, runs on several devices and reads gives the last values written.
TEST(array_parts, any_order_of_parts_and_runs) {
  std::vector<std::string> devices{"cpu", "sim:h200-pcie5"};
  for (const bf::device_description& d : bf::devices())
    if (d.unavailable.empty() && (d.name.starts_with("opencl:") || d.name.starts_with("cuda:")))
      devices.push_back(d.name);
  std::mt19937 random(busfare_test::printed_seed());
  for (int round = 0; round < 30; ++round) {
    const std::size_t n = 1 + random() % 5000;
    auto x = bf::copy_of(counted(n));
    std::vector<std::int32_t> want = counted(n);
    std::vector<std::pair<bf::array<std::int32_t>, std::vector<std::int32_t>>> kept;
    for (int k = 0; k < 25; ++k) {
      const bf::options how = bf::on(devices[random() % devices.size()]);
      const auto value = static_cast<std::int32_t>(random() % 1000);
      switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
          const std::size_t first = random() % (n + 1), count = random() % (n - first + 1);
          auto w = x.write_part(first, count);
          for (std::size_t i = 0; i < count; ++i) w[i] = want[first + i] = value;
          break;
        }
        case 3: {
          auto w = x.overwrite();
          std::fill(w.begin(), w.end(), value);
          std::fill(want.begin(), want.end(), value);
          break;
        }
        case 4:
          x = bf::map(how, negated{}, x);
          want = minus(want);
          break;
        case 5:
          kept.emplace_back(bf::map(how, negated{}, x), minus(want));  // perhaps run later
          if (kept.size() > 3) kept.erase(kept.begin());
          break;
        case 6:
          bf::prefetch(x, how.device);
          break;
        default:
          ASSERT_EQ(values(bf::map(how, negated{}, x)), minus(want)) << how.device;
      }
    }
    ASSERT_EQ(values(x), want);
    for (const auto& [a, of] : kept) ASSERT_EQ(values(a), of);
  }
}

TEST(array_parts, that_are_not_there) {
  auto x = bf::copy_of(counted(10));
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const auto& [first, count] :
       {std::pair<std::size_t, std::size_t>{0, 11}, {10, 1}, {11, 0}, {5, most}, {most, 2}}) {
    try {
      (void)x.write_part(first, count);
      ADD_FAILURE() << first << " " << count;
    } catch (const bf::error& e) {
      EXPECT_EQ(e.kind(), bf::error_class::invalid_argument) << e.what();
      EXPECT_NE(std::string(e.what()).find("of 10"), std::string::npos) << e.what();
      EXPECT_NE(e.where().line.line, 0u);
    }
  }
  EXPECT_EQ(x.write_part(10, 0).size(), 0u);
  EXPECT_EQ(values(x), counted(10));
  bf::array<std::int32_t> none;
  EXPECT_EQ(none.write_part(0, 0).size(), 0u);
}

TEST(array_parts, an_open_part_holds_the_whole_array) {
  auto x = bf::copy_of(counted(100));
  const auto w = x.write_part(3, 1);
  EXPECT_THROW((void)x.host(), bf::error);
  EXPECT_THROW((void)x.write_part(50, 1), bf::error);
}

}  // namespace
