// Planned failures of the fakes: each arrives where it was planned and stays as long as it should.
#include <thread>

#include "fake_cuda/fixture.hpp"

namespace fake_cuda_tests {
namespace {

TEST_F(fake, the_nth_call_fails_once_or_again_and_again) {
  plan({.function = "cuStreamCreate", .nth = 2, .code = CUDA_ERROR_OUT_OF_MEMORY});
  CUstream s = nullptr;
  EXPECT_EQ(cuStreamCreate(&s, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamCreate(&s, 0), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuStreamCreate(&s, 0), CUDA_SUCCESS);
  EXPECT_EQ(driver->alive().streams, 2u);
  driver->clear_plan();
  plan({.nth = 2, .every = 3, .code = CUDA_ERROR_UNKNOWN});
  std::string pattern;
  for (int i = 0; i < 9; ++i) pattern += cuStreamQuery(nullptr) == CUDA_SUCCESS ? '.' : 'x';
  EXPECT_EQ(pattern, ".x..x..x.");
  driver->clear_plan();
  const std::uint64_t n = driver->calls();
  EXPECT_EQ(std::string(driver->call_name(n - 1)), "cuStreamQuery");
}

TEST_F(fake, a_release_that_fails_releases_all_the_same) {
  const CUstream s = new_stream();
  const CUdeviceptr p = new_memory(8);
  plan({.nth = 1, .every = 1, .code = CUDA_ERROR_UNKNOWN});
  EXPECT_EQ(cuStreamDestroy(s), CUDA_ERROR_UNKNOWN);
  EXPECT_EQ(cuMemFree(p), CUDA_ERROR_UNKNOWN);
  EXPECT_EQ(driver->alive().handles(), 1u);
  expect_no_misuse();
}

TEST_F(fake, memory_runs_out_above_a_number_of_bytes) {
  plan({.every = 1, .code = CUDA_ERROR_OUT_OF_MEMORY, .above_bytes = 1000});
  CUdeviceptr p = 0, q = 0;
  EXPECT_EQ(cuMemAlloc(&p, 600), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc(&q, 600), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAllocAsync(&q, 401, nullptr), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemFree(p), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc(&q, 600), CUDA_SUCCESS);
}

TEST_F(fake, a_sticky_error_stays_until_the_context_is_made_anew) {
  const CUstream s = new_stream();
  plan({.function = "cuStreamQuery", .what = effect::sticky, .code = CUDA_ERROR_ILLEGAL_ADDRESS});
  EXPECT_EQ(cuStreamQuery(s), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(driver->calls_at_loss(), driver->calls());
  CUdeviceptr p = 0;
  EXPECT_EQ(cuMemAlloc(&p, 8), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuStreamDestroy(s), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(driver->calls_at_loss(), driver->calls() - 2);
  EXPECT_EQ(cuCtxPopCurrent(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(0), CUDA_SUCCESS);
  EXPECT_EQ(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxPushCurrent(context), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc(&p, 8), CUDA_SUCCESS);
  EXPECT_EQ(driver->alive().leaked, 0u);
}

TEST_F(fake, a_launch_failure_is_reported_when_somebody_waits) {
  const CUdeviceptr p = new_memory(8);
  plan({.function = "cuMemsetD8Async", .what = effect::late_error, .code = CUDA_ERROR_LAUNCH_FAILED});
  EXPECT_EQ(cuMemsetD8Async(p, 1, 8, nullptr), CUDA_SUCCESS);
  const CUevent e = recorded(nullptr);
  EXPECT_EQ(cuEventQuery(e), CUDA_ERROR_NOT_READY);
  EXPECT_EQ(cuEventSynchronize(e), CUDA_ERROR_LAUNCH_FAILED);
  EXPECT_EQ(cuMemsetD8Async(p, 1, 8, nullptr), CUDA_ERROR_LAUNCH_FAILED);
}

TEST_F(fake, a_device_that_is_gone_gives_no_new_context) {
  start(order::late, 1, 2);
  plan({.function = "cuStreamSynchronize", .what = effect::gone, .code = CUDA_ERROR_DEVICE_UNAVAILABLE});
  EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_ERROR_DEVICE_UNAVAILABLE);
  EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_ERROR_DEVICE_UNAVAILABLE);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(0), CUDA_SUCCESS);
  CUcontext other = nullptr;
  EXPECT_EQ(cuDevicePrimaryCtxRetain(&other, 0), CUDA_ERROR_DEVICE_UNAVAILABLE);
  EXPECT_EQ(cuDevicePrimaryCtxRetain(&other, 1), CUDA_SUCCESS);  // the other device lives
}

TEST_F(fake, late_work_is_done_after_its_queries) {
  for (const order when : {order::early, order::random}) {
    start(when);
    const CUdeviceptr p = new_memory(8);
    plan({.function = "cuMemsetD8Async", .what = effect::late, .queries = 5});
    ASSERT_EQ(cuMemsetD8Async(p, 1, 8, nullptr), CUDA_SUCCESS);
    const CUevent e = recorded(nullptr);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(cuEventQuery(e), CUDA_ERROR_NOT_READY) << i;
    CUresult r = CUDA_ERROR_NOT_READY;
    for (int i = 0; i < 100 && r == CUDA_ERROR_NOT_READY; ++i) r = cuEventQuery(e);
    EXPECT_EQ(r, CUDA_SUCCESS);
  }
}

TEST_F(fake, hung_work_is_never_done_until_it_is_released) {
  for (const order when : {order::early, order::late, order::random}) {
    start(when);
    const CUdeviceptr p = new_memory(8);
    const CUstream s = new_stream(), other = new_stream();
    plan({.function = "cuMemsetD8Async", .what = effect::hang});
    ASSERT_EQ(cuMemsetD8Async(p, 1, 8, s), CUDA_SUCCESS);
    const CUevent e = recorded(s);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(cuEventQuery(e), CUDA_ERROR_NOT_READY);
    EXPECT_EQ(cuStreamSynchronize(other), CUDA_SUCCESS);  // the rest goes on
    CUresult waited = CUDA_ERROR_UNKNOWN;
    std::thread waiter([&] {
      cuCtxPushCurrent(context);
      waited = cuEventSynchronize(e);
    });
    driver->release_hung();
    waiter.join();
    EXPECT_EQ(waited, CUDA_SUCCESS);
  }
}

TEST_F(fake, calls_of_the_compiler_fail_too) {
  const fault f{.function = "nvrtcCompileProgram", .code = NVRTC_ERROR_OUT_OF_MEMORY};
  compiler->plan(&f);
  const std::string text = "extern \"C\" __global__ void f(int* r) { r[0] = 1; }";
  EXPECT_TRUE(image(text).empty());
  EXPECT_EQ(compile_result, NVRTC_ERROR_OUT_OF_MEMORY);
  EXPECT_FALSE(image(text).empty());
  EXPECT_EQ(compiler->programs(), 0u);
  EXPECT_EQ(compiler->misuse_count(), 0u);
}

}  // namespace
}  // namespace fake_cuda_tests
