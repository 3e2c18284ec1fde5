// OpenCL CPUs compute on host memory in place: our texts on what malloc gives, the user's kernels on lines.
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/devices.hpp"

namespace {

namespace bf = busfare;
namespace core = busfare::core;

constexpr std::size_t n = 1 << 16;

// Memory at 16 bytes past a line, as std::vector has it where malloc maps pages.
class past_a_line {
 public:
  past_a_line() : block_(::operator new ((n + 16) * sizeof(float), std::align_val_t{64})) {
    for (std::size_t i = 0; i < n; ++i) data()[i] = static_cast<float>(i);
  }
  ~past_a_line() { ::operator delete (block_, std::align_val_t{64}); }
  past_a_line(const past_a_line&) = delete;
  past_a_line& operator=(const past_a_line&) = delete;
  [[nodiscard]] float* data() const { return static_cast<float*>(block_) + 4; }
  [[nodiscard]] std::span<const float> all() const { return {data(), n}; }

 private:
  void* block_;
};

// A device whose texts read elements at 16 bytes; empty where there is none.
std::string finely_aligned() {
  for (const bf::device_description& d : bf::devices()) {
    if (!d.unavailable.empty() || d.name.rfind("opencl:", 0) != 0) continue;
    const core::device_slot& slot = core::device_list::shared().find(d.name);
    (void)bf::profile_of(d.name);  // opens it
    if (slot.info.shares_host_memory && slot.info.host_alignment <= 16) return d.name;
  }
  return {};
}

bf::array<float> halved(const bf::options& how, const bf::array<float>& x) {
  return bf::map(
      how, [](auto v) { return v * 0.5f; }, x);
}

bool right(const bf::array<float>& got, float factor) {
  const auto all = got.host();
  for (std::size_t i = 0; i < n; ++i)
    if (all[i] != factor * static_cast<float>(i)) return false;
  return true;
}

TEST(opencl_alignment, views_of_what_malloc_gives_cross_without_a_copy) {
  const std::string device = finely_aligned();
  if (device.empty()) GTEST_SKIP() << "no OpenCL CPU that computes in place";
  const past_a_line memory;
  const auto x = bf::view_of(memory.all());
  const auto y = halved(bf::on(device), *x);
  const bf::receipt r = bf::run(y);
  for (const bf::transfer& t : r.plan.transfers) EXPECT_TRUE(t.fence) << t.cause;
  EXPECT_TRUE(right(y, 0.5f));
}

TEST(opencl_alignment, hand_written_kernels_get_whole_lines) {
  const std::string device = finely_aligned();
  if (device.empty()) GTEST_SKIP() << "no OpenCL CPU that computes in place";
  bf::native_source s;
  s.name = "eightfold";
  s.opencl =
      "__kernel void eightfold(__global const float* a, __global float* r, ulong first, ulong count, ulong "
      "n0,"
      " ulong n1, ulong n2) {\n"
      "  const ulong i = get_global_id(0) * 8;\n"
      "  if (i + 8 <= count) *(__global float8*)(r + i) = 8.0f * *(__global const float8*)(a + i);\n}\n";
  s.cost = [](const bf::native_job&) noexcept { return bf::native_cost{1, 8}; };
  const bf::native_kernel eightfold(
      bf::results<float>,
      [](const bf::native_part&, std::span<const float> x, std::span<float> y) noexcept {
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = 8 * x[i];
      },
      s);
  const bf::options how = bf::on(device);
  const past_a_line memory;
  const auto x = bf::view_of(memory.all());
  const bf::array<float> seen = *x;
  // In place for our text first, then a copy for theirs, which serves both from there on.
  EXPECT_TRUE(right(halved(how, seen), 0.5f));
  EXPECT_TRUE(right(bf::call(how, eightfold, seen.extents(), seen), 8));
  EXPECT_TRUE(right(halved(how, seen), 0.5f));
  const auto both = halved(how, bf::call(how, eightfold, seen.extents(), seen));
  EXPECT_TRUE(right(both, 4));
}

}  // namespace
