// No result is copied over memory that somebody lent: refused in the lender's thread, waited for in others.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <busfare/busfare.hpp>

namespace {

namespace bf = busfare;

constexpr auto next = [](auto a) { return a + 1; };

std::string refusal_of(const bf::array<std::int32_t>& a, std::span<std::int32_t> to) {
  try {
    a.into(to);
  } catch (const bf::error& e) {
    EXPECT_EQ(e.kind(), bf::error_class::invalid_argument);
    return e.what();
  }
  return {};
}

TEST(lent_memory, a_result_is_not_copied_over_it_in_the_same_thread) {
  std::vector<std::int32_t> data(100, 1);
  const std::span<std::int32_t> all(data);
  auto loan = bf::view_of(data);
  const auto made = bf::map(next, *loan);
  const std::string why = refusal_of(made, all);
  EXPECT_NE(why.find("into at "), std::string::npos) << why;
  EXPECT_NE(why.find("400 bytes"), std::string::npos) << why;
  EXPECT_NE(why.find("lent_memory_test.cpp"), std::string::npos) << why;
  EXPECT_NE(why.find("end the lease"), std::string::npos) << why;
  EXPECT_EQ(data, std::vector<std::int32_t>(100, 1));
  // One that is on the host is no different.
  EXPECT_FALSE(refusal_of(bf::copy_of(std::vector<std::int32_t>(100)), all).empty());
  loan.end();
  made.into(all);
  EXPECT_EQ(data, std::vector<std::int32_t>(100, 2));
}

TEST(lent_memory, every_element_of_a_loan_counts_and_its_neighbours_do_not) {
  std::vector<std::int32_t> data(100, 1);
  const std::span<std::int32_t> all(data);
  const auto ten = bf::copy_of(std::vector<std::int32_t>(10, 7));
  const auto none = bf::copy_of(std::vector<std::int32_t>());
  {
    const auto loan = bf::view_of(std::span<const std::int32_t>(all.subspan(40, 20)));
    const auto same = bf::view_of(std::span<const std::int32_t>(all.subspan(50, 20)));  // readers may overlap
    for (const std::size_t first : {31u, 40u, 45u, 59u, 69u})
      EXPECT_FALSE(refusal_of(ten, all.subspan(first, 10)).empty()) << first;
    for (const std::size_t first : {30u, 70u}) EXPECT_EQ(refusal_of(ten, all.subspan(first, 10)), "");
    EXPECT_EQ(refusal_of(none, all.subspan(50, 0)), "");
    EXPECT_EQ(bf::sum(*loan).value(), 20);
    EXPECT_EQ(bf::sum(*same).value(), 20);
  }
  EXPECT_EQ(data[39], 7);
  EXPECT_EQ(data[40], 1);
  EXPECT_EQ(refusal_of(ten, all.subspan(45, 10)), "");
}

TEST(lent_memory, a_loan_that_moves_stays_one) {
  std::vector<std::int32_t> data(10, 1);
  std::optional<bf::lease<std::int32_t>> kept;
  {
    auto loan = bf::view_of(data);
    kept.emplace(std::move(loan));
  }
  const auto ten = bf::copy_of(std::vector<std::int32_t>(10, 7));
  EXPECT_FALSE(refusal_of(ten, data).empty());
  kept.reset();
  EXPECT_EQ(refusal_of(ten, data), "");
}

TEST(lent_memory, another_thread_waits_for_its_end) {
  std::vector<std::int32_t> data(1000, 1);
  auto loan = bf::view_of(data);
  const auto made = bf::map(next, *loan);
  std::atomic<bool> ended = false, seen_ended = false;
  std::thread other([&] {
    made.into(std::span<std::int32_t>(data));
    seen_ended = ended.load();
  });
  std::this_thread::sleep_for(
      std::chrono::milliseconds(20));  // long enough to go wrong, not needed to go right
  EXPECT_EQ(bf::sum(*loan).value(), 1000);
  ended = true;
  loan.end();
  other.join();
  EXPECT_TRUE(seen_ended);
  EXPECT_EQ(data, std::vector<std::int32_t>(1000, 2));
}

}  // namespace
