// An error of a run stays with the arrays that depend on it, carries the recording line, and goes when its
// cause is gone.
#include <gtest/gtest.h>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <busfare/backend/module.hpp>
#include <busfare/busfare.hpp>

#include "core/devices.hpp"
#include "cpu/module.hpp"

namespace {

namespace bf = busfare;
namespace backend = busfare::backend;

bool broken = true;

/// The cpu, but its compiler refuses everything while `broken`.
class moody_device final : public backend::device {
 public:
  moody_device() {
    core_.host_alloc = [](std::size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); };
    core_.host_free = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
    inner_ = busfare_module_cpu()->open(core_, "cpu");
    info_ = inner_->info();
    info_.name = info_.fingerprint = "moody:0";
    info_.shares_host_memory = false;
  }
  [[nodiscard]] const backend::device_info& info() const override { return info_; }
  backend::block allocate(std::size_t bytes, backend::memory_kind kind) override {
    return inner_->allocate(bytes, kind);
  }
  void release(const backend::block& memory) noexcept override { inner_->release(memory); }
  std::optional<backend::block> adopt(void*, std::size_t) override { return std::nullopt; }
  std::unique_ptr<backend::executable> build(const backend::build_request& what) override {
    if (broken) throw bf::error(bf::error_class::kernel_build, "not today");
    return inner_->build(what);
  }
  std::unique_ptr<backend::queue> open(backend::engine which) override { return inner_->open(which); }
  std::string health() override { return {}; }
  void* native() override { return nullptr; }

 private:
  backend::services core_{};
  std::unique_ptr<backend::device> inner_;
  backend::device_info info_;
};

TEST(graph_errors, stay_with_dependents_and_go_with_their_cause) {
  broken = false;  // while the device is measured
  bf::core::add_device(std::make_unique<moody_device>());
  const auto warm = bf::map(
      bf::on("moody:0"), [](auto v) { return v - 1.0f; }, bf::copy_of(std::vector<float>{1, 2}));
  bf::run(warm);
  broken = true;
  const auto x = bf::copy_of(std::vector<float>{1, 2, 3});
  const unsigned line = __LINE__ + 1;
  const auto y = bf::map(
      bf::on("moody:0"), [](auto v) { return v * 2.0f; }, x);
  const auto z = bf::map(
      bf::on("cpu"), [](auto v) { return v + 1.0f; }, y);
  const auto apart = bf::map(
      bf::on("cpu"), [](auto v) { return v - 4.0f; }, x);
  const auto expect_refusal = [&](const bf::array<float>& a) {
    try {
      (void)a.host();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const bf::error& e) {
      EXPECT_EQ(e.kind(), bf::error_class::kernel_build) << e.what();
      EXPECT_NE(e.message().find("not today"), std::string::npos) << e.what();
      EXPECT_EQ(e.where().line.line, line) << e.what();
      EXPECT_EQ(e.where().device, "moody:0") << e.what();
    }
  };
  for (int i = 0; i < 2; ++i) {
    expect_refusal(y);
    expect_refusal(z);
  }
  EXPECT_EQ(apart.host()[0], -3.0f);
  EXPECT_EQ(warm.host()[1], 1.0f);
  broken = false;
  EXPECT_EQ(z.host()[2], 7.0f);
  EXPECT_EQ(y.host()[0], 2.0f);
}

}  // namespace
