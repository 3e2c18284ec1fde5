// Stored profiles: round trip, and every way in which a file can be bad.
#include "core/profile_store.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <string>
#include <sys/stat.h>

#include <busfare/error.hpp>

#include "model/shipped.hpp"

namespace {

using namespace busfare;
using namespace busfare::core;
namespace fs = std::filesystem;

class profile_store_files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "busfare-profiles-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }
  void write(const std::string& text) {
    const std::string path = folder + "/" + profile_store::file_name(profile.fingerprint);
    std::ofstream(path) << text;
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  }
  std::string folder;
  device_profile profile = model::shipped_profile("h200-pcie5");
};

TEST_F(profile_store_files, round_trip) {
  profile_store store(folder);
  EXPECT_FALSE(store.load(profile.fingerprint));
  ASSERT_TRUE(store.save(profile));
  const auto back = store.load(profile.fingerprint);
  ASSERT_TRUE(back);
  EXPECT_EQ(profile_text(*back), profile_text(profile));
  EXPECT_FALSE(store.load("another"));
  EXPECT_TRUE(store.notes().empty());
}

TEST_F(profile_store_files, bad_files_are_set_aside_and_named) {
  const std::string good = profile_text(profile);
  std::string flipped = good;
  flipped[good.find("1410000")] = '2';
  std::string schema = good;
  schema.replace(schema.find("\"schema\": 2"), 11, "\"schema\": 1");
  device_profile foreign = profile;
  foreign.fingerprint = "another";
  int n = 0;
  for (const std::string& text : {std::string(), std::string("{}"), good.substr(0, good.size() / 2), flipped,
                                  schema, profile_text(foreign), std::string(2 << 20, ' ')}) {
    SCOPED_TRACE(n++);
    write(text);
    profile_store store(folder);
    EXPECT_FALSE(store.load(profile.fingerprint));
    ASSERT_EQ(store.notes().size(), 1u);
    EXPECT_NE(store.notes()[0].find(".bad"), std::string::npos) << store.notes()[0];
    EXPECT_TRUE(fs::exists(folder + "/" + profile_store::file_name(profile.fingerprint) + ".bad"));
    EXPECT_FALSE(fs::exists(folder + "/" + profile_store::file_name(profile.fingerprint)));
  }
}

TEST_F(profile_store_files, a_profile_that_could_not_be_read_back_is_not_written) {
  profile.rates.launch_seconds = -1;
  profile_store store(folder);
  EXPECT_FALSE(store.save(profile));
  EXPECT_EQ(store.notes().size(), 1u);
}

TEST(profile_json, mutated_files_throw_corrupt_and_nothing_else) {
  const unsigned seed = 17;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string good = profile_text(model::shipped_profile("gh200-c2c"));
  for (int i = 0; i < 2000; ++i) {
    std::string text = good;
    for (unsigned k = 0; k <= random() % 3; ++k) text[random() % text.size()] = static_cast<char>(random());
    try {
      (void)parse_profile(text);
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::corrupt);
    }
  }
}

TEST(profile_store_environment, off_switches_it_off) {
  const char* before = std::getenv("BUSFARE_CACHE");
  const std::string kept = before == nullptr ? "" : before;
  setenv("BUSFARE_CACHE", "off", 1);
  profile_store store;
  EXPECT_TRUE(store.directory().empty());
  EXPECT_FALSE(store.save(model::shipped_profile("h200-pcie5")));
  setenv("BUSFARE_CACHE", "relative", 1);
  profile_store odd;
  EXPECT_TRUE(odd.directory().empty());
  EXPECT_EQ(odd.notes().size(), 1u);
  if (before != nullptr)
    setenv("BUSFARE_CACHE", kept.c_str(), 1);
  else
    unsetenv("BUSFARE_CACHE");
}

TEST(profile_shipped, files_equal_the_table_in_the_program) {
  const fs::path profiles = fs::path(BUSFARE_SOURCE_DIR) / "profiles";
  for (const std::string& name : model::shipped_names()) {
    SCOPED_TRACE(name);
    std::ifstream file(profiles / (name + ".json"));
    ASSERT_TRUE(file.good());
    std::stringstream text;
    text << file.rdbuf();
    const device_profile p = parse_profile(text.str());
    EXPECT_EQ(profile_text(p), profile_text(model::shipped_profile(name)));
    EXPECT_EQ(p.device, "sim:" + name);
    EXPECT_GT(p.capacity_bytes, 0u);
    for (const number_source& s : p.sources) EXPECT_FALSE(s.text.empty());
  }
}

TEST(profile_shipped, names_and_options_are_strict) {
  const device_profile whole = model::simulated_profile("sim:h200-pcie5");
  const device_profile slow = model::simulated_profile("sim:h200-pcie5?slow=8");
  EXPECT_EQ(slow.device, "sim:h200-pcie5?slow=8");
  EXPECT_NE(slow.fingerprint, whole.fingerprint);
  EXPECT_DOUBLE_EQ(slow.rates.bytes_per_second * 8, whole.rates.bytes_per_second);
  EXPECT_DOUBLE_EQ(slow.links[0].segments[0].seconds_per_byte,
                   8 * whole.links[0].segments[0].seconds_per_byte);
  EXPECT_EQ(slow.rates.launch_seconds, whole.rates.launch_seconds);
  for (const char* name :
       {"sim:h200-pcie5?", "sim:h200-pcie5?slow=", "sim:h200-pcie5?slow=0.5", "sim:h200-pcie5?slow=2x",
        "sim:h200-pcie5?slow=nan", "sim:h200-pcie5?slow=1e3", "sim:h200-pcie5?fast=2",
        "sim:h200-pcie5?clock=real", "sim:h200-pcie5?slow=2&slow=3"})
    try {
      model::simulated_profile(name);
      ADD_FAILURE() << name;
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::invalid_argument) << name;
    }
  try {
    model::simulated_profile("sim:pcie5-h200");
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::unavailable);
    EXPECT_NE(e.where().hint.find("sim:h200-pcie5"), std::string::npos);
  }
}

}  // namespace
