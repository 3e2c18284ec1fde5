// write, overwrite, into and leases: who sees which version, and what becomes of the buffer.
#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;

struct twice {
  auto operator()(auto x) const { return x * 2.0f; }
};

std::vector<float> counted(std::size_t n, float first = 0) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), first);
  return v;
}

template <class T> std::vector<T> values(const bf::array<T>& a) {
  const auto view = a.host();
  return {view.begin(), view.end()};
}

// The devices that are here, but for the fakes of other tests in this process; each test says which one
// failed.
std::vector<std::string> here() {
  std::vector<std::string> names{"cpu", "sim:h200-pcie5"};
  for (const bf::device_description& d : bf::devices())
    if (d.unavailable.empty() && (d.name.starts_with("opencl:") || d.name.starts_with("cuda:")))
      names.push_back(d.name);
  return names;
}

template <class Call> std::string refusal(Call call, bf::error_class kind) {
  try {
    call();
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    return e.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST(array_versions, a_sole_owner_keeps_its_buffer) {
  auto x = bf::copy_of(counted(5000));
  const float* const before = x.host().data();
  const auto counts = bf::stats();
  {
    auto w = x.write();
    EXPECT_EQ(w.data(), before);
    ASSERT_EQ(w.size(), 5000u);
    for (float& v : w) v += 1;
  }
  EXPECT_EQ(values(x), counted(5000, 1));
  EXPECT_EQ(bf::stats().writes_taken_over, counts.writes_taken_over + 1);
  EXPECT_EQ(bf::stats().writes_copied, counts.writes_copied);
}

TEST(array_versions, recorded_readers_copies_and_views_keep_the_old_version) {
  for (const std::string& device : here()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(4097));
    const auto recorded = bf::map(bf::on(device), twice{}, x);
    const auto copy = x;
    const auto view = x.host();
    const auto counts = bf::stats();
    {
      auto w = x.write();
      EXPECT_NE(w.data(), view.data());
      for (float& v : w) v = -1;
    }
    EXPECT_EQ(bf::stats().writes_copied, counts.writes_copied + 1);
    EXPECT_EQ(values(x), std::vector<float>(4097, -1));
    EXPECT_EQ(values(copy), counted(4097));
    EXPECT_EQ((std::vector<float>(view.begin(), view.end())), counted(4097));
    std::vector<float> want = counted(4097);
    for (float& v : want) v *= 2;
    EXPECT_EQ(values(recorded), want);
  }
}

// A device that has the old version must not be asked for the new one; in place and by copies.
TEST(array_versions, devices_see_every_version) {
  for (const std::string& device : here()) {
    SCOPED_TRACE(device);
    auto x = bf::copy_of(counted(70001));
    for (int round = 0; round < 4; ++round) {
      const auto sum = bf::sum(bf::on(device), bf::map(bf::on(device), twice{}, x));
      double want = 0;
      for (float v : x.host()) want += 2 * static_cast<double>(v);
      EXPECT_NEAR(sum.value(), want, want * 1e-6) << "round " << round;
      if (round % 2 == 0) {
        for (float& v : x.write()) v += 1000;
      } else {
        auto w = x.overwrite();
        for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i % 7 + 1);
      }
    }
  }
}

TEST(array_versions, what_is_written_may_be_a_result) {
  for (const std::string& device : here()) {
    SCOPED_TRACE(device);
    auto y = bf::map(bf::on(device), twice{}, bf::copy_of(counted(300)));
    y.write()[7] = 0.5f;
    std::vector<float> want = counted(300);
    for (float& v : want) v *= 2;
    want[7] = 0.5f;
    EXPECT_EQ(values(y), want);
  }
}

TEST(array_versions, overwrite_runs_and_fetches_nothing) {
  auto y = bf::map(twice{}, bf::copy_of(counted(300)));
  const auto before = bf::stats();
  {
    auto w = y.overwrite();
    for (float& v : w) v = 3;
  }
  const auto after = bf::stats();
  EXPECT_EQ(after.runs, before.runs);
  EXPECT_EQ(after.unrun, before.unrun - 1) << "the node that nobody wants any more";
  EXPECT_EQ(values(y), std::vector<float>(300, 3));
}

TEST(array_versions, causes_name_the_version) {
  auto x = bf::copy_of(counted(1000));
  x.write()[0] = 5;
  const bf::receipt r = bf::run(bf::map(bf::on("sim:h200-pcie5"), twice{}, x));
  ASSERT_EQ(r.plan.transfers.size(), 1u);
  EXPECT_NE(r.plan.transfers[0].cause.find("(version 2, its buffer taken over)"), std::string::npos)
      << r.plan.transfers[0].cause;
}

TEST(array_versions, memory_that_the_caller_shares_is_left_alone) {
  const std::shared_ptr<float[]> mine(new float[3]{1, 2, 3});
  auto x = bf::adopt(mine, bf::extents(3));
  x.write()[0] = 9;
  EXPECT_EQ(mine[0], 1);
  EXPECT_EQ(values(x), (std::vector<float>{9, 2, 3}));
}

TEST(array_versions, a_conflict_in_one_thread_is_refused) {
  auto x = bf::copy_of(counted(10));
  auto y = bf::array<float>();
  {
    auto w = x.write();
    y = x;  // shares the version that is open
    const auto z = bf::map(twice{}, x);
    const std::string text = refusal([&] { (void)y.host(); }, bf::error_class::invalid_argument);
    EXPECT_NE(text.find("array_versions_test.cpp"), std::string::npos) << text;
    refusal([&] { (void)z.host(); }, bf::error_class::invalid_argument);
    refusal([&] { (void)bf::quote(z); }, bf::error_class::invalid_argument);
    refusal([&] { (void)y.write(); }, bf::error_class::invalid_argument);
    refusal([&] { (void)y.overwrite(); }, bf::error_class::invalid_argument);
    for (float& v : w) v = 4;
  }
  EXPECT_EQ(values(bf::map(twice{}, y)), std::vector<float>(10, 8));
}

TEST(array_versions, other_threads_wait) {
  auto x = bf::copy_of(counted(1000));
  std::atomic<int> about_to_read{0};
  std::vector<std::thread> readers;
  std::vector<std::vector<float>> seen(3);
  {
    auto w = x.write();
    for (std::size_t k = 0; k < seen.size(); ++k) {
      readers.emplace_back([&about_to_read, &seen, k, mine = x] {
        ++about_to_read;
        seen[k] = k == 0 ? values(mine) : values(bf::map(twice{}, mine));
      });
    }
    while (about_to_read != 3) std::this_thread::yield();
    for (float& v : w) v = 6;
  }
  for (std::thread& t : readers) t.join();
  EXPECT_EQ(seen[0], std::vector<float>(1000, 6));
  EXPECT_EQ(seen[1], std::vector<float>(1000, 12));
  EXPECT_EQ(seen[2], std::vector<float>(1000, 12));
}

TEST(array_versions, a_view_can_be_moved_and_an_empty_array_written) {
  bf::array<float> none;
  { EXPECT_TRUE(none.write().empty()); }
  auto x = bf::copy_of(counted(2));
  auto first = x.write();
  auto second = std::move(first);
  second[1] = 8;
  first = std::move(second);
  { const auto closed = std::move(first); }
  EXPECT_EQ(values(x), (std::vector<float>{0, 8}));
}

TEST(array_into, lands_in_the_callers_memory) {
  for (const std::string& device : here()) {
    SCOPED_TRACE(device);
    const auto y = bf::map(bf::on(device), twice{}, bf::copy_of(counted(5001)));
    std::vector<float> out(5001, -1), want = counted(5001);
    for (float& v : want) v *= 2;
    y.into(out);
    EXPECT_EQ(out, want);
    out.assign(5001, -1);
    y.into(out);
    EXPECT_EQ(out, want);
    EXPECT_EQ(values(y), want);
  }
}

TEST(lease, borrows_without_a_copy) {
  const std::vector<float> mine = counted(4096);
  const auto loan = bf::view_of(mine);
  EXPECT_EQ(loan->host().data(), mine.data());
  EXPECT_EQ(bf::sum(*loan).value(), 4096.0f * 4095.0f / 2);
}

TEST(lease, what_still_needs_the_values_gets_a_copy_when_it_ends) {
  for (const std::string& device : here()) {
    SCOPED_TRACE(device);
    std::vector<float> mine = counted(5000);
    auto loan = bf::view_of(mine);
    const auto ran = bf::map(bf::on(device), twice{}, *loan);
    bf::run(ran);  // so that the device has it, perhaps in place
    const auto later = bf::map(
        bf::on(device), [](auto x) { return x + 1.0f; }, *loan);
    const auto copy = *loan;
    loan.end();
    loan.end();
    for (float& v : mine) v = -99;
    EXPECT_EQ(values(later), counted(5000, 1));
    EXPECT_EQ(values(copy), counted(5000));
  }
}

TEST(lease, a_borrowed_array_is_written_to_a_buffer_of_its_own) {
  std::vector<float> mine = counted(100);
  auto loan = bf::view_of(mine);
  bf::array<float> x = *loan;
  x.write()[0] = 50;
  EXPECT_EQ(mine[0], 0);
  EXPECT_EQ(x.host()[0], 50);
  loan = bf::view_of(mine);  // ends the first
  EXPECT_EQ(loan->host().data(), mine.data());
}

TEST(lease, the_sizes_must_agree) {
  const std::vector<float> mine(6);
  const std::span<const float> all(mine);
  refusal([&] { (void)bf::view_of(all, bf::extents(2, 4)); }, bf::error_class::invalid_argument);
}

// For the thread sanitizer: each thread writes its own handle of a shared beginning.
TEST(array_versions, threads_write_their_own_handles) {
  const auto start = bf::copy_of(counted(2000));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int k = 1; k <= 4; ++k) {
    threads.emplace_back([&, k, mine = start]() mutable {
      for (int round = 0; round < 20; ++round) {
        for (float& v : mine.write()) v += static_cast<float>(k);
        const auto sum = bf::sum(mine);
        const float want = 2000.0f * 1999.0f / 2 + static_cast<float>(2000 * k * (round + 1));
        if (sum.value() != want) ++wrong;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(values(start), counted(2000));
}

}  // namespace
