// Every case on every device, and on devices with planted errors, where it must fail. What was skipped is
// listed at the end. BUSFARE_SEED=N repeats a run, BUSFARE_LARGEST=N limits the arrays. No device is measured
// first: bits do not depend on what is known of its speed.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include <busfare/busfare.hpp>

#include "conformance/largest.hpp"
#include "core/devices.hpp"
#include "support/faulty_device.hpp"
#include "support/hook.hpp"
#include "support/trial.hpp"

namespace conformance {

std::vector<test_case>& cases() {
  static std::vector<test_case> all;
  return all;
}
bool add_case(std::string name, std::function<void(trial&)> run, bool f64) {
  cases().push_back({std::move(name), std::move(run), f64});
  return true;
}
std::vector<hook>& hooks() {
  static std::vector<hook> all;
  return all;
}
bool add_hook(hook h) {
  hooks().push_back(std::move(h));
  return true;
}
std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* text = std::getenv("BUSFARE_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : std::uint64_t{std::random_device{}()};
  }();
  return value;
}

bool runs_packs(const std::string& device) {
  return busfare::core::device_list::shared().find(device).info.dialect == "host";
}

std::size_t largest() {
  static const std::size_t value = [] {
    const char* text = std::getenv("BUSFARE_LARGEST");
    if (text == nullptr) return std::numeric_limits<std::size_t>::max();
    const std::size_t n = std::strtoull(text, nullptr, 10);
    if (n < 4097) throw std::invalid_argument("BUSFARE_LARGEST is less than 4097");
    return n;
  }();
  return value;
}

namespace {

std::map<std::string, int> skipped;  // reason: how often

/// A case on a device that should be right.
class agreement : public testing::Test {
 public:
  agreement(const test_case& what, const bf::device_description& device, const hook& h)
      : what_(what), device_(device), hook_(h) {}
  void TestBody() override {
    for (const unsupported& each : hook_.never) {
      if (each.case_name == what_.name) return skip(std::string(each.reason));
    }
    if (what_.f64 && !device_.f64) return skip("no f64");
    trial t(device_.name, false);
    (void)bf::take_findings();
    try {
      what_.run(t);
    } catch (const bf::error& e) {
      if (e.kind() == bf::error_class::unavailable && hook_.may_lack_exactness) return skip(e.message());
      ADD_FAILURE() << e.what();
      return;
    }
    EXPECT_EQ(t.wrong(), 0u) << t.first() << "seed " << seed();
    // With BUSFARE_CHECK=1 the interpreter has computed the whole case too.
    for (const bf::finding& f : bf::take_findings())
      if (f.kind == bf::finding_kind::other_bits) ADD_FAILURE() << f;
  }

 private:
  void skip(const std::string& reason) {
    ++skipped[device_.name + ": " + reason];
    GTEST_SKIP() << reason;
  }
  const test_case& what_;
  const bf::device_description& device_;
  const hook& hook_;
};

/// A case on a device with a planted error: it must see it.
class planted : public testing::Test {
 public:
  planted(const test_case& what, fault f) : what_(what), fault_(f) {}
  void TestBody() override {
    trial t(std::string("faulty:") + name_of(fault_), true);
    what_.run(t);
    if (fault_ == fault::none) {
      EXPECT_EQ(t.wrong(), 0u) << t.first() << "seed " << seed();
    } else {
      EXPECT_GT(t.wrong(), 0u) << what_.name << " does not see the planted error " << name_of(fault_);
    }
  }

 private:
  const test_case& what_;
  fault fault_;
};

/// A module or device that is not here.
class missing : public testing::Test {
 public:
  explicit missing(std::string reason) : reason_(std::move(reason)) {}
  void TestBody() override {
    ++skipped[reason_];
    GTEST_SKIP() << reason_;
  }

 private:
  std::string reason_;
};

void register_missing(const std::string& name, const std::string& reason) {
  testing::RegisterTest("device", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                        [name, reason]() -> testing::Test* { return new missing(name + ": " + reason); });
}

void register_device(const bf::device_description& device, const hook& h) {
  for (const test_case& each : cases()) {
    testing::RegisterTest(
        device.name.c_str(), each.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [&each, &device, &h]() -> testing::Test* { return new agreement(each, device, h); });
  }
}

void register_all() {
  static const std::vector<bf::device_description> found = bf::devices();
  for (const hook& h : hooks()) {
    for (const std::string_view wanted : h.devices) {
      int count = 0;
      std::string reason = "no such device was found";
      for (const bf::device_description& d : found) {
        const bool fits = wanted.back() == ':' ? d.name.starts_with(wanted) : d.name == wanted;
        if (d.unavailable.empty() && fits) {
          register_device(d, h);
          ++count;
        } else if (!d.unavailable.empty() && (fits || d.name == h.backend)) {
          reason = d.unavailable + (d.remedy.empty() ? "" : "; " + d.remedy);
        }
      }
      if (count == 0) register_missing(std::string(wanted), reason);
    }
  }
  for (const fault f : {fault::none, fault::wrong_row, fault::stale_replica, fault::lost_tail}) {
    busfare::core::add_device(make_faulty_device(f));
    for (const test_case& each : cases()) {
      testing::RegisterTest((std::string("planted_") + name_of(f)).c_str(), each.name.c_str(), nullptr,
                            nullptr, __FILE__, __LINE__,
                            [&each, f]() -> testing::Test* { return new planted(each, f); });
    }
  }
}

/// A profile for each real device, so that the first run does not measure it.
void leave_unmeasured() {
  for (const auto& slot : busfare::core::device_list::shared().slots()) {
    if (slot->info.virtual_clock) continue;
    slot->profile = bf::profile_of("sim:h200-pcie5");
    slot->profile->device = slot->info.name;
  }
}

/// For the test of threads and instruction sets, which runs this program again.
int print_hashes() {
  for (const test_case& each : cases()) {
    trial t("cpu", true);
    each.run(t);
    std::printf("%s %016llx %zu\n", each.name.c_str(), static_cast<unsigned long long>(t.hash()), t.wrong());
  }
  return 0;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) {
  using namespace conformance;
  leave_unmeasured();
  if (argc > 1 && std::strcmp(argv[1], "--hashes") == 0) return print_hashes();
  testing::InitGoogleTest(&argc, argv);
  std::printf("seed %llu (BUSFARE_SEED repeats it)\n", static_cast<unsigned long long>(seed()));
  register_all();
  const int result = RUN_ALL_TESTS();
  const auto* all = testing::UnitTest::GetInstance();
  if (GTEST_FLAG_GET(list_tests)) return result;
  std::printf("%d passed, %d failed, %d skipped\n", all->successful_test_count(), all->failed_test_count(),
              all->skipped_test_count());
  for (const auto& [reason, count] : skipped) std::printf("skipped %d: %s\n", count, reason.c_str());
  return result;
}
