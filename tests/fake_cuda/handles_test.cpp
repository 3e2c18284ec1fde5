// Handles and memory of the fake driver: what lives, what died, what was never there.
#include "fake_cuda/fixture.hpp"

namespace fake_cuda_tests {
namespace {

TEST_F(fake, a_call_before_init_or_without_a_context_is_refused) {
  driver->reset(nullptr);
  int n = 0;
  EXPECT_EQ(cuDeviceGetCount(&n), CUDA_ERROR_NOT_INITIALIZED);
  expect_misuse("before cuInit");
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  CUstream s = nullptr;
  EXPECT_EQ(cuStreamCreate(&s, 0), CUDA_ERROR_INVALID_CONTEXT);
  expect_misuse("no context is current");
  EXPECT_EQ(cuCtxPushCurrent(context), CUDA_ERROR_INVALID_CONTEXT);  // of the world before
}

TEST_F(fake, settings_decide_what_the_driver_says) {
  settings s;
  s.devices = 2;
  s.capability = 75;
  s.memory = 123 << 20;
  s.driver_version = 12020;
  driver->reset(&s);
  int n = 0, major = 0, minor = 0, threads = 0, version = 0;
  std::size_t bytes = 0;
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  ASSERT_EQ(cuDeviceGetCount(&n), CUDA_SUCCESS);
  EXPECT_EQ(n, 2);
  EXPECT_EQ(cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 1), CUDA_SUCCESS);
  EXPECT_EQ(cuDeviceGetAttribute(&minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 1), CUDA_SUCCESS);
  EXPECT_EQ(cuDeviceGetAttribute(&threads, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1), CUDA_SUCCESS);
  EXPECT_EQ(cuDriverGetVersion(&version), CUDA_SUCCESS);
  EXPECT_EQ(cuDeviceTotalMem(&bytes, 1), CUDA_SUCCESS);
  EXPECT_EQ(major * 10 + minor, 75);
  EXPECT_EQ(threads, 64);
  EXPECT_EQ(version, 12020);
  EXPECT_EQ(bytes, std::size_t{123} << 20);
  EXPECT_EQ(cuDeviceTotalMem(&bytes, 2), CUDA_ERROR_INVALID_DEVICE);
  s.devices = 0;
  driver->reset(&s);
  EXPECT_EQ(cuInit(0), CUDA_ERROR_NO_DEVICE);
}

TEST_F(fake, dead_and_wrong_handles_are_refused_and_counted) {
  const CUstream s = new_stream();
  const CUevent e = recorded(s);
  ASSERT_EQ(driver->alive().streams, 1u);
  ASSERT_EQ(driver->alive().events, 1u);
  EXPECT_EQ(cuEventDestroy(reinterpret_cast<CUevent>(s)), CUDA_ERROR_INVALID_HANDLE);  // a stream
  EXPECT_EQ(cuStreamSynchronize(reinterpret_cast<CUstream>(e)), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(driver->misuse_count(), 2u);
  EXPECT_EQ(cuStreamDestroy(s), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamDestroy(s), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuStreamQuery(s), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventDestroy(e), CUDA_SUCCESS);
  EXPECT_EQ(cuEventQuery(e), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventQuery(nullptr), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuModuleUnload(nullptr), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(driver->misuse_count(), 7u);
  EXPECT_EQ(driver->alive().handles(), 1u);  // the context
}

TEST_F(fake, what_outlives_its_context_is_a_leak) {
  new_stream();
  recorded(nullptr);
  new_memory(100);
  new_pinned<int>(10);
  EXPECT_EQ(driver->alive().handles(), 5u);
  EXPECT_EQ(driver->alive().bytes, 140u);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(0), CUDA_SUCCESS);
  EXPECT_EQ(driver->alive().handles(), 0u);
  EXPECT_EQ(driver->alive().leaked, 4u);
  CUstream s = nullptr;
  EXPECT_EQ(cuStreamCreate(&s, 0), CUDA_ERROR_CONTEXT_IS_DESTROYED);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(0), CUDA_ERROR_INVALID_CONTEXT);
}

TEST_F(fake, handles_of_another_context_are_refused) {
  start(order::random, 1, 2);
  const CUstream s = new_stream();
  const CUevent e = recorded(s);
  CUcontext second = nullptr;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&second, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxPushCurrent(second), CUDA_SUCCESS);
  EXPECT_EQ(cuEventRecord(e, nullptr), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuStreamSynchronize(s), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(driver->misuse_count(), 2u);
}

TEST_F(fake, the_host_cannot_touch_device_memory) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const CUdeviceptr p = new_memory(4096);
  EXPECT_DEATH(*reinterpret_cast<volatile int*>(p) = 1, "");
}

TEST_F(fake, memory_has_bounds_and_is_released_once) {
  const CUdeviceptr p = new_memory(1000);
  std::vector<char> host(1001, 'x');
  EXPECT_EQ(p % 256, 0u);
  EXPECT_EQ(cuMemcpyHtoDAsync(p, host.data(), 1000, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyHtoDAsync(p, host.data(), 1001, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoDAsync(p + 1, host.data(), 1000, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoDAsync(reinterpret_cast<CUdeviceptr>(host.data()), host.data(), 1, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoDAsync(p, reinterpret_cast<const void*>(p), 1, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemFree(p + 8), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(driver->misuse_count(), 5u);
  EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree(p), CUDA_SUCCESS);
  EXPECT_EQ(driver->misuse_count(), 5u);
  EXPECT_EQ(cuMemFree(p), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyHtoDAsync(p, host.data(), 10, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(driver->misuse_count(), 7u);
}

TEST_F(fake, memory_ends_at_what_the_device_has) {
  std::size_t available = 0, total = 0;
  const CUdeviceptr half = new_memory(1 << 25);
  EXPECT_EQ(cuMemGetInfo(&available, &total), CUDA_SUCCESS);
  EXPECT_EQ(available, total / 2);
  CUdeviceptr p = 0;
  EXPECT_EQ(cuMemAlloc(&p, (1 << 25) + 1), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAllocAsync(&p, (1 << 25) + 1, nullptr), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAllocAsync(&p, 1 << 25, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeAsync(p, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAllocAsync(&p, 1 << 25, nullptr),
            CUDA_SUCCESS);  // what is freed before in the order is there
  EXPECT_EQ(cuMemFree(half), CUDA_SUCCESS);
  expect_no_misuse();
}

TEST_F(fake, a_pool_keeps_what_its_threshold_allows) {
  CUmemoryPool pool = nullptr;
  cuuint64_t keep = UINT64_MAX;
  std::size_t available = 0, total = 0;
  CUdeviceptr p = 0;
  ASSERT_EQ(cuDeviceGetDefaultMemPool(&pool, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &keep), CUDA_SUCCESS);
  ASSERT_EQ(cuMemAllocAsync(&p, 1 << 20, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFreeAsync(p, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemGetInfo(&available, &total), CUDA_SUCCESS);
  EXPECT_EQ(total - available, std::size_t{1} << 20);
  EXPECT_EQ(cuMemPoolTrimTo(pool, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemGetInfo(&available, &total), CUDA_SUCCESS);
  EXPECT_EQ(total, available);
  expect_no_misuse();
}

TEST_F(fake, pointers_say_what_they_are) {
  const CUdeviceptr p = new_memory(64);
  const auto h = reinterpret_cast<CUdeviceptr>(new_pinned<int>(16));
  unsigned kind = 0;
  CUdeviceptr start_of = 0;
  EXPECT_EQ(cuPointerGetAttribute(&kind, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, p + 3), CUDA_SUCCESS);
  EXPECT_EQ(kind, static_cast<unsigned>(CU_MEMORYTYPE_DEVICE));
  EXPECT_EQ(cuPointerGetAttribute(&start_of, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, p + 3), CUDA_SUCCESS);
  EXPECT_EQ(start_of, p);
  EXPECT_EQ(cuPointerGetAttribute(&kind, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, h), CUDA_SUCCESS);
  EXPECT_EQ(kind, static_cast<unsigned>(CU_MEMORYTYPE_HOST));
  int mine = 0;
  EXPECT_EQ(
      cuPointerGetAttribute(&kind, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, reinterpret_cast<CUdeviceptr>(&mine)),
      CUDA_ERROR_INVALID_VALUE);
  expect_no_misuse();
}

}  // namespace
}  // namespace fake_cuda_tests
