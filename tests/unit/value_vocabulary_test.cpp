// docs/vocabulary.md lists the vocabulary as it is.
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>

#include <busfare/value/table.hpp>

namespace {

std::string table() {
  constexpr const char* takes[] = {"numbers", "floats", "integers", "masks"};
  constexpr const char* gives[] = {"the same type", "a mask", "the type of the two values",
                                   "the type asked for"};
  std::ostringstream text;
  text << "| row | operands | of | gives | flops | ULP | fast ULP |\n| --- | --- | --- | --- | --- | --- | "
          "--- |\n";
  for (const busfare::vocabulary_row& row : busfare::vocabulary) {
    text << "| " << row.name << " | " << row.arity << " | " << takes[static_cast<int>(row.takes)] << " | "
         << gives[static_cast<int>(row.gives)] << " | " << row.flops << " | " << row.ulp << " | "
         << row.fast_ulp << " |\n";
  }
  return text.str();
}

TEST(value_vocabulary, is_documented) {
  std::ifstream file(std::string(BUSFARE_SOURCE_DIR) + "/docs/vocabulary.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(table()), std::string::npos) << "docs/vocabulary.md must hold:\n" << table();
}

TEST(value_vocabulary, rows_make_sense) {
  for (const busfare::vocabulary_row& row : busfare::vocabulary) {
    EXPECT_GE(row.arity, 1) << row.name;
    EXPECT_LE(row.arity, 3) << row.name;
    EXPECT_GE(row.flops, 0) << row.name;
    EXPECT_TRUE(row.floats[0] != 0 || row.ints[0] != 0) << row.name << " has no spelling";
    EXPECT_EQ(row.takes == busfare::takes::mask || row.takes == busfare::takes::integer, row.floats[0] == 0)
        << row.name;
    EXPECT_GE(row.fast_ulp, row.ulp) << row.name;
    EXPECT_TRUE(row.fast[0] == 0 || row.floats[0] != 0) << row.name << " is faster than nothing";
  }
}

}  // namespace
