// What a person should know reaches the receipt of the run that it concerns.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "core/profile_store.hpp"
#include "support/far_device.hpp"

namespace {

namespace bf = busfare;
namespace fs = std::filesystem;

bool holds(const std::vector<std::string>& notes, const std::string& text) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& n) { return n.find(text) != std::string::npos; });
}

TEST(receipt_notes, a_kernel_of_more_than_1024_operations) {
  const auto unrolled = [](auto v) {
    auto s = v + 0.0f;
    for (int i = 0; i < 600; ++i) s = s * v + static_cast<float>(i);
    return s;
  };
  const auto x = bf::copy_of(std::vector<float>{1, 2});
  const bf::receipt r = bf::run(bf::map(bf::on("cpu"), unrolled, x));
  EXPECT_TRUE(holds(r.notes, "more than 1,024 operations"));
  EXPECT_TRUE(holds(r.notes, "receipt_notes_test.cpp"));
  const bf::receipt other = bf::run(bf::map(
      bf::on("cpu"), [](auto v) { return v * 13.0f; }, x));
  EXPECT_FALSE(holds(other.notes, "1,024"));
}

// A quote may be thrown away, so the receipt of the next run says it again.
struct next {
  auto operator()(auto v) const { return v + 1.25f; }
};

// The same kernel on two lines is one structure and one plan; what is told is of the line at hand.
TEST(receipt_notes, a_plan_used_again_names_the_lines_of_this_run) {
  const bf::options far{.device = "sim:h200-pcie5"};
  const auto x = bf::copy_of(std::vector<float>{1, 2, 3}), y = bf::copy_of(std::vector<float>{4, 5, 6});
  const bf::receipt first = bf::run(bf::sum(far, bf::map(far, next{}, x)));
  const unsigned line = __LINE__ + 1;
  const auto again = bf::sum(far, bf::map(far, next{}, y));
  const bf::plan quoted = bf::quote(again);
  const bf::receipt second = bf::run(again);
  ASSERT_TRUE(second.plan.reused);
  for (const bf::plan* p : {&quoted, &second.plan}) {
    ASSERT_EQ(p->steps.size(), 1u);
    ASSERT_EQ(p->steps[0].lines.size(), 2u);
    EXPECT_EQ(p->steps[0].lines[0].line, line);
    EXPECT_EQ(p->steps[0].lines[1].line, line);
    ASSERT_FALSE(p->transfers.empty());
    EXPECT_NE(p->transfers[0].cause.find("read by map+plus at "), std::string::npos);
    EXPECT_NE(p->transfers[0].cause.find(":" + std::to_string(line)), std::string::npos)
        << p->transfers[0].cause;
  }
  EXPECT_EQ(first.plan.steps[0].lines[0].line, line - 2);
}

TEST(receipt_notes, quotes_tell_too) {
  bf::core::note("something of a cache");
  const auto x = bf::copy_of(std::vector<float>{1, 2});
  const auto y = bf::map(
      bf::on("cpu"), [](auto v) { return v * 17.0f; }, x);
  EXPECT_TRUE(holds(bf::quote(y).notes, "something of a cache"));
  EXPECT_TRUE(holds(bf::quote(y).notes, "something of a cache"));
  const auto z = bf::map(
      bf::on("cpu"), [](auto v) { return v * 19.0f; }, x);
  EXPECT_TRUE(holds(bf::run(z).notes, "something of a cache"));
  EXPECT_FALSE(holds(bf::quote(y).notes, "something of a cache"));
}

TEST(receipt_notes, f64_that_only_a_literal_brought) {
  const auto x = bf::copy_of(std::vector<float>{1, 2});
  const bf::receipt r = bf::run(bf::map(
      bf::on("cpu"), [](auto v) { return bf::cast<float>(v * 2.5); }, x));
  EXPECT_TRUE(holds(r.plan.notes, "double literal"));
  const bf::receipt meant = bf::run(bf::map(
      bf::on("cpu"), [](auto v) { return v * 2.5; }, bf::copy_of(std::vector<double>{1, 2})));
  EXPECT_FALSE(holds(meant.plan.notes, "double literal"));
}

TEST(receipt_notes, a_profile_that_was_set_aside) {
  const bf::core::profile_store files;
  if (files.directory().empty()) GTEST_SKIP() << "profiles are not stored here";
  const std::string name = "far:notes";
  const fs::path file = fs::path(files.directory()) / bf::core::profile_store::file_name(name);
  bf::core::device_slot& slot = far_device::add(name, "host", std::make_shared<far_device::behaviour>());
  slot.profile.reset();
  slot.from = bf::core::device_list::shared().host().from;  // of a module, so that its profile is looked for
  fs::create_directories(file.parent_path());
  fs::permissions(file.parent_path(), fs::perms::owner_all);
  std::ofstream(file) << "{\"schema\": 1}";
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);

  const bf::receipt r = bf::run(bf::map(
      bf::on(name), [](auto v) { return v * 17.0f; }, bf::copy_of(std::vector<float>{1, 2})));
  slot.from = nullptr;
  EXPECT_TRUE(holds(r.notes, "was set aside")) << r;
  EXPECT_TRUE(holds(r.notes, file.filename().string() + ".bad")) << r;
  EXPECT_TRUE(slot.profile && slot.profile_measured);  // measured again, in this schema
  EXPECT_TRUE(bf::core::profile_store().load(name).has_value());
  fs::remove(file);
  fs::remove(file.string() + ".bad");
}

}  // namespace
