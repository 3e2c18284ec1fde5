// BUSFARE_WAIT: seconds, off, and nonsense.
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>

#include "core/devices.hpp"

namespace {

using namespace busfare;
using std::chrono::seconds;

TEST(wait_limit, is_told_by_the_environment) {
  const char* const before = std::getenv("BUSFARE_WAIT");
  const std::string kept = before != nullptr ? before : "";
  unsetenv("BUSFARE_WAIT");
  EXPECT_EQ(core::longest_wait(), seconds(1800));
  setenv("BUSFARE_WAIT", "7", 1);
  EXPECT_EQ(core::longest_wait(), seconds(7));
  setenv("BUSFARE_WAIT", "off", 1);
  EXPECT_EQ(core::longest_wait(), seconds(0));
  (void)core::take_notes();
  for (const char* bad : {"0", "-1", "1.5", "7s", "99999999999", "forever\x1b"}) {
    setenv("BUSFARE_WAIT", bad, 1);
    EXPECT_EQ(core::longest_wait(), seconds(1800)) << bad;
    const auto notes = core::take_notes();
    ASSERT_EQ(notes.size(), 1u) << bad;
    EXPECT_NE(notes[0].find("BUSFARE_WAIT is \""), std::string::npos) << notes[0];
    EXPECT_EQ(notes[0].find('\x1b'), std::string::npos);
  }
  if (before != nullptr)
    setenv("BUSFARE_WAIT", kept.c_str(), 1);
  else
    unsetenv("BUSFARE_WAIT");
}

}  // namespace
