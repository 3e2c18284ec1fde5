// Check mode for tests: turned on while something lives, and what its findings must say.
#pragma once

#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

namespace busfare_test {

/// Check mode while it lives; nothing is left over from before.
class checking {
 public:
  checking() {
    busfare::set_check_mode(true);
    (void)busfare::take_findings();
  }
  ~checking() {
    busfare::set_check_mode(false);
    (void)busfare::take_findings();
  }
  checking(const checking&) = delete;
  checking& operator=(const checking&) = delete;
};

inline std::string text_of(const std::vector<busfare::finding>& all) {
  std::ostringstream text;
  for (const busfare::finding& f : all) text << f << '\n';
  return text.str();
}

/// `at`: where the node was recorded.
inline void expect_finding(const busfare::finding& f, busfare::finding_kind kind, busfare::source_line at,
                           const std::string& operation, std::uint64_t count, std::uint64_t first,
                           const std::string& text) {
  EXPECT_EQ(busfare::name_of(f.kind), std::string(busfare::name_of(kind)));
  EXPECT_EQ(f.line.line, at.line);
  EXPECT_EQ(std::string(f.line.file), at.file);
  EXPECT_EQ(f.operation, operation);
  EXPECT_EQ(f.count, count) << f;
  EXPECT_EQ(f.first, first) << f;
  EXPECT_EQ(f.text, text);
}

/// The next line of the caller's file.
constexpr busfare::source_line next_line(const char* file = __builtin_FILE(),
                                         unsigned line = __builtin_LINE()) {
  return {file, line + 1};
}

/// The real devices; not the fakes of other tests in this process.
inline std::vector<std::string> real_devices() {
  std::vector<std::string> names{"cpu", "sim:h200-pcie5"};
  for (const busfare::device_description& d : busfare::devices())
    if (d.unavailable.empty() && (d.name.starts_with("opencl:") || d.name.starts_with("cuda:")))
      names.push_back(d.name);
  return names;
}

}  // namespace busfare_test
