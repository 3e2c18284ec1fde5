// A device of the cuda backend on the fake driver, what core would serve it with, and two kernels by hand.
#pragma once

#include <chrono>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <busfare/error.hpp>

#include "core/host_memory.hpp"
#include "cuda/module.hpp"
#include "fake_cuda/control.hpp"

namespace busfare_tests {

using namespace busfare;
using namespace busfare::backend;

struct disk_of_test {
  std::mutex guard;
  std::map<std::string, std::vector<std::byte>, std::less<>> files;
  int puts = 0;
};
inline disk_of_test& disk() {
  static disk_of_test d;
  return d;
}

inline services services_of_test() {
  services s{};
  s.host_alloc = core::host_alloc;
  s.host_free = [](void* p) { core::host_free(p); };
  s.note = [](std::string_view) {};
  s.cache_get = [](std::string_view key, std::vector<std::byte>& out) {
    const std::lock_guard lock(disk().guard);
    const auto found = disk().files.find(key);
    if (found == disk().files.end()) return false;
    out = found->second;
    return true;
  };
  s.cache_put = [](std::string_view key, const std::byte* p, std::size_t n) {
    const std::lock_guard lock(disk().guard);
    disk().files[std::string(key)].assign(p, p + n);
    ++disk().puts;
  };
  s.parallel = [](void* context, void (*call)(void*, int), int n) {
    std::vector<std::thread> others;
    for (int i = 1; i < n; ++i) others.emplace_back(call, context, i);
    call(context, 0);
    for (std::thread& t : others) t.join();
  };
  return s;
}

constexpr const char* map_source = R"(
extern "C" __global__ void scale(const float* x, const float* y, const int* __restrict__ table, const long long size,
                                 const float factor, float* out, const unsigned long long first,
                                 const unsigned long long count, const unsigned long long n0,
                                 const unsigned long long n1, const unsigned long long n2) {
  const unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;
  for (unsigned long long i = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x; i < count; i += step) {
    const unsigned long long at = first + i;
    const float t = size > 0 ? (float)table[at % (unsigned long long)size] : 0.0f;
    out[i] = x[i] * factor + y[0] + t + (float)(n0 + n1 + n2);
  }
}
)";

constexpr const char* fold_source = R"(
extern "C" __global__ void total(const unsigned int* x, unsigned int* out, const unsigned long long first,
                                 const unsigned long long count, const unsigned long long n0,
                                 const unsigned long long n1, const unsigned long long n2) {
  __shared__ unsigned int part[64];
  const unsigned long long begin = blockIdx.x * 4096ull;
  const unsigned long long end = begin + 4096 < count ? begin + 4096 : count;
  unsigned int s = 0;
  for (unsigned long long i = begin + threadIdx.x; i < end; i += 64) s += x[i];
  part[threadIdx.x] = s;
  __syncthreads();
  for (unsigned int h = 32; h > 0; h /= 2) {
    if (threadIdx.x < h) part[threadIdx.x] += part[threadIdx.x + h];
    __syncthreads();
  }
  if (threadIdx.x == 0) out[blockIdx.x] = part[0];
}
)";

inline constexpr parameter map_parameters[] = {{parameter_kind::element, type::f32},
                                               {parameter_kind::broadcast, type::f32},
                                               {parameter_kind::whole, type::i32},
                                               {parameter_kind::number, type::f32},
                                               {parameter_kind::result, type::f32}};
inline constexpr parameter fold_parameters[] = {{parameter_kind::element, type::u32},
                                                {parameter_kind::result, type::u32}};

inline build_request map_request() {
  build_request r;
  r.parameters = map_parameters;
  r.source = map_source;
  r.entry = "scale";
  return r;
}

inline build_request fold_request() {
  build_request r;
  r.work = work::fold;
  r.parameters = fold_parameters;
  r.source = fold_source;
  r.entry = "total";
  r.lanes = 64;
  return r;
}

inline block pageable(const void* p, std::size_t bytes) {
  void* const at = const_cast<void*>(p);
  return {at, 0, bytes, memory_kind::pageable, at};
}

/// Each test in a world of its own; at its end nothing may be alive and nothing may have been misused.
class fake_gpu : public ::testing::Test {
 protected:
  void SetUp() override {
    const probe_result found = busfare_module_cuda()->probe(services_of_test());
    control = fake_cuda::loaded_driver();
    compiler = fake_cuda::loaded_compiler();
    ASSERT_TRUE(control != nullptr && compiler != nullptr)
        << "the fake driver was not loaded; put its folder first in LD_LIBRARY_PATH: " << found.unavailable;
    start({});
  }
  void TearDown() override {
    if (control == nullptr || compiler == nullptr) return;
    expect_clean();
    control->reset(nullptr);
    compiler->reset();
  }

  void start(const fake_cuda::settings& s) {
    control->reset(&s);
    compiler->reset();
  }
  std::unique_ptr<device> open(const char* name = "cuda:0") const {
    return busfare_module_cuda()->open(services_of_test(), name);
  }
  void expect_clean() const {
    for (std::uint64_t i = 0; i < control->misuse_count(); ++i) ADD_FAILURE() << control->misuse(i);
    for (std::uint64_t i = 0; i < compiler->misuse_count(); ++i) ADD_FAILURE() << compiler->misuse(i);
    const fake_cuda::census c = control->alive();
    EXPECT_EQ(c.handles(), 0u) << c.contexts << " contexts, " << c.streams << " streams, " << c.events
                               << " events, " << c.modules << " modules, " << c.device_blocks << "+"
                               << c.pool_blocks << "+" << c.pinned_blocks << " blocks";
    EXPECT_EQ(c.leaked, 0u);
    EXPECT_EQ(compiler->programs(), 0u);
  }

  const fake_cuda::driver_control* control = nullptr;
  const fake_cuda::compiler_control* compiler = nullptr;
};

inline void finish(queue& q) {
  q.flush();
  EXPECT_TRUE(q.mark()->wait(std::chrono::nanoseconds::max()));
}

template <class Call> error_class thrown_by(const Call& call) {
  try {
    call();
  } catch (const error& e) {
    return e.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return error_class::internal;
}

}  // namespace busfare_tests
