// The map that is kept small, against a list in the order of use.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <utility>
#include <vector>

#include "model/recent_map.hpp"
#include "support/printed_seed.hpp"

namespace {

using map = busfare::model::recent_map<int, int>;

TEST(model_recent_map, drops_what_was_not_used_for_longest) {
  map m;
  for (int k = 0; k < 4; ++k) EXPECT_TRUE(m.emplace(k, 10 * k).second);
  EXPECT_NE(m.find(0), m.end());
  EXPECT_EQ(m.peek(1)->second, 10);  // no use
  EXPECT_FALSE(m.emplace(2, 99).second);
  EXPECT_EQ(m.find(2)->second, 20);
  std::vector<int> dropped;
  m.keep(2, [&](const map::entry& e) { dropped.push_back(e.first); });
  EXPECT_EQ(dropped, (std::vector{1, 3}));
  EXPECT_EQ(m.size(), 2u);
  EXPECT_EQ(m.find(3), m.end());
  m.clear();
  EXPECT_EQ(m.size(), 0u);
  EXPECT_EQ(m.find(0), m.end());
}

TEST(model_recent_map, entries_stay_where_they_are) {
  map m;
  const auto first = m.emplace(0, 7).first;
  for (int k = 1; k < 1000; ++k) m.emplace(k, k);
  (void)m.find(0);
  m.keep(3);
  EXPECT_EQ(&*m.find(0), &*first);
  EXPECT_EQ(first->second, 7);
}

TEST(model_recent_map, random_use_is_as_a_list_says) {
  std::mt19937 random(busfare_test::printed_seed());
  map m;
  std::vector<std::pair<int, int>> want;  // last used first
  for (int step = 0; step < 20'000; ++step) {
    const int key = static_cast<int>(random() % 60);
    const auto at = std::find_if(want.begin(), want.end(), [&](const auto& e) { return e.first == key; });
    switch (random() % 4) {
      case 0: {
        const bool made = m.emplace(key, step).second;
        ASSERT_EQ(made, at == want.end());
        if (made)
          want.insert(want.begin(), {key, step});
        else
          std::rotate(want.begin(), at, at + 1);
        break;
      }
      case 1: {
        const auto found = m.find(key);
        ASSERT_EQ(found == m.end(), at == want.end());
        if (at == want.end()) break;
        ASSERT_EQ(found->second, at->second);
        std::rotate(want.begin(), at, at + 1);
        break;
      }
      case 2:
        ASSERT_EQ(m.peek(key) == std::as_const(m).end(), at == want.end());
        break;
      default:
        if (random() % 8 != 0) break;
        const std::size_t limit = random() % 50;
        m.keep(limit);
        want.resize(std::min(limit, want.size()));
    }
    ASSERT_EQ(m.size(), want.size());
  }
  const std::vector<std::pair<int, int>> have(m.begin(), m.end());
  EXPECT_EQ(have, want);
}

}  // namespace
