// Streams and events of the fake driver: what is ordered stays so in every order that it picks, the rest does
// not.
#include <set>

#include "fake_cuda/fixture.hpp"

namespace fake_cuda_tests {
namespace {

TEST_F(fake, pinned_memory_is_read_late_and_pageable_memory_at_once) {
  const CUstream s = new_stream();
  const CUdeviceptr p = new_memory(8);
  int* const pinned = new_pinned<int>(1);
  int pageable = 1;
  *pinned = 1;
  ASSERT_EQ(cuMemcpyHtoDAsync(p, pinned, 4, s), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyHtoDAsync(p + 4, &pageable, 4, s), CUDA_SUCCESS);
  *pinned = 2;
  pageable = 2;
  EXPECT_EQ(driver->alive().queued, 2u);
  const std::vector<int> got = read<int>(p, 2, s);
  EXPECT_EQ(got[0], 2);
  EXPECT_EQ(got[1], 1);
  expect_no_misuse();
}

TEST_F(fake, pinned_memory_is_written_when_it_was_waited_for) {
  const CUstream s = new_stream();
  const CUdeviceptr p = new_memory(4);
  int* const pinned = new_pinned<int>(1);
  *pinned = 7;
  ASSERT_EQ(cuMemsetD8Async(p, 0, 4, s), CUDA_SUCCESS);
  ASSERT_EQ(cuMemcpyDtoHAsync(pinned, p, 4, s), CUDA_SUCCESS);
  EXPECT_EQ(*pinned, 7);
  EXPECT_EQ(cuStreamQuery(s), CUDA_ERROR_NOT_READY);
  ASSERT_EQ(cuStreamSynchronize(s), CUDA_SUCCESS);
  EXPECT_EQ(*pinned, 0);
  EXPECT_EQ(cuStreamQuery(s), CUDA_SUCCESS);
}

TEST_F(fake, streams_without_an_event_run_in_any_order) {
  std::set<int> seen;
  for (std::uint64_t seed = 1; seed <= 32; ++seed) {
    start(order::random, seed);
    const CUstream a = new_stream(), b = new_stream();
    const CUdeviceptr p = new_memory(1);
    ASSERT_EQ(cuMemsetD8Async(p, 1, 1, a), CUDA_SUCCESS);
    ASSERT_EQ(cuMemsetD8Async(p, 2, 1, b), CUDA_SUCCESS);
    ASSERT_EQ(cuStreamSynchronize(a), CUDA_SUCCESS);
    ASSERT_EQ(cuStreamSynchronize(b), CUDA_SUCCESS);
    seen.insert(read<char>(p, 1, a)[0]);
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(fake, an_event_orders_streams_in_every_mode) {
  for (const order when : {order::random, order::late, order::early})
    for (std::uint64_t seed = 1; seed <= 16; ++seed) {
      start(when, seed);
      const CUstream a = new_stream(), b = new_stream();
      const CUdeviceptr p = new_memory(64);
      for (int i = 0; i < 8; ++i) ASSERT_EQ(cuMemsetD8Async(p, 1, 64, a), CUDA_SUCCESS);
      const CUevent e = recorded(a);
      ASSERT_EQ(cuStreamWaitEvent(b, e, 0), CUDA_SUCCESS);
      ASSERT_EQ(cuEventDestroy(e), CUDA_SUCCESS);  // what waits for it still waits
      ASSERT_EQ(cuMemsetD8Async(p, 2, 64, b), CUDA_SUCCESS);
      EXPECT_EQ(read<char>(p, 64, b), std::vector<char>(64, 2)) << seed;
    }
  expect_no_misuse();
}

TEST_F(fake, an_event_stands_for_what_was_recorded_last_when_it_was_waited_for) {
  const CUstream a = new_stream(), b = new_stream();
  const CUdeviceptr p = new_memory(1);
  const CUevent e = recorded(a);
  ASSERT_EQ(cuStreamWaitEvent(b, e, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 1, 1, a), CUDA_SUCCESS);
  ASSERT_EQ(cuEventRecord(e, a), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(b), CUDA_SUCCESS);  // needs nothing of the second record
  EXPECT_EQ(driver->alive().queued, 2u);
  EXPECT_EQ(cuEventQuery(e), CUDA_ERROR_NOT_READY);
  EXPECT_EQ(cuEventSynchronize(e), CUDA_SUCCESS);
  EXPECT_EQ(driver->alive().queued, 0u);
}

TEST_F(fake, the_null_stream_is_ordered_with_blocking_streams_only) {
  const CUdeviceptr p = new_memory(1);
  const CUstream blocking = new_stream(CU_STREAM_DEFAULT), free = new_stream();
  ASSERT_EQ(cuMemsetD8Async(p, 1, 1, blocking), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 3, 1, free), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 2, 1, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(driver->alive().queued, 1u);
  ASSERT_EQ(cuMemsetD8Async(p, 4, 1, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(blocking), CUDA_SUCCESS);  // its own work is done; nothing came after
  EXPECT_EQ(driver->alive().queued, 2u);
}

TEST_F(fake, event_times_grow_with_the_order_of_the_work) {
  const CUstream s = new_stream();
  const CUevent a = recorded(s);
  const CUdeviceptr p = new_memory(1 << 20);
  ASSERT_EQ(cuMemsetD8Async(p, 1, 1 << 20, s), CUDA_SUCCESS);
  const CUevent b = recorded(s), silent = recorded(s, CU_EVENT_DISABLE_TIMING);
  float ms = -1;
  EXPECT_EQ(cuEventElapsedTime(&ms, a, b), CUDA_ERROR_NOT_READY);
  ASSERT_EQ(cuStreamSynchronize(s), CUDA_SUCCESS);
  EXPECT_EQ(cuEventElapsedTime(&ms, a, b), CUDA_SUCCESS);
  EXPECT_GT(ms, 0.0f);
  expect_no_misuse();
  EXPECT_EQ(cuEventElapsedTime(&ms, a, silent), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(fake, stream_ordered_memory_is_used_between_its_allocation_and_its_release) {
  const CUstream a = new_stream(), b = new_stream();
  CUdeviceptr p = 0;
  ASSERT_EQ(cuMemAllocAsync(&p, 64, a), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 1, 64, a), CUDA_SUCCESS);
  const CUevent made = recorded(a);
  ASSERT_EQ(cuStreamWaitEvent(b, made, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 2, 64, b), CUDA_SUCCESS);
  const CUevent used = recorded(b);
  ASSERT_EQ(cuStreamWaitEvent(a, used, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFreeAsync(p, a), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(a), CUDA_SUCCESS);
  EXPECT_EQ(driver->alive().pool_blocks, 0u);
  expect_no_misuse();
}

TEST_F(fake, the_host_orders_streams_by_waiting) {
  const CUstream a = new_stream(), b = new_stream();
  CUdeviceptr p = 0;
  ASSERT_EQ(cuMemAllocAsync(&p, 64, a), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(a), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 2, 64, b), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(b), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFreeAsync(p, a), CUDA_SUCCESS);
  expect_no_misuse();
}

TEST_F(fake, memory_used_by_a_stream_that_does_not_know_it_is_seen) {
  for (const order when : {order::early, order::late}) {  // also where luck makes it right
    start(when);
    const CUstream a = new_stream(), b = new_stream();
    CUdeviceptr p = 0;
    ASSERT_EQ(cuMemAllocAsync(&p, 64, a), CUDA_SUCCESS);
    ASSERT_EQ(cuMemsetD8Async(p, 1, 64, b), CUDA_SUCCESS);
    expect_misuse("not ordered after its allocation");
  }
}

TEST_F(fake, memory_used_after_or_beside_its_release_is_seen) {
  CUstream a = new_stream(), b = new_stream();
  CUdeviceptr p = 0;
  ASSERT_EQ(cuMemAllocAsync(&p, 64, a), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFreeAsync(p, a), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 1, 64, a), CUDA_SUCCESS);
  expect_misuse("used after it was freed");
  EXPECT_EQ(cuMemFreeAsync(p, a), CUDA_ERROR_INVALID_VALUE);
  expect_misuse("freed before");

  start(order::late);
  a = new_stream();
  b = new_stream();
  ASSERT_EQ(cuMemAllocAsync(&p, 64, a), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(a), CUDA_SUCCESS);
  ASSERT_EQ(cuMemsetD8Async(p, 1, 64, b), CUDA_SUCCESS);
  ASSERT_EQ(cuMemFreeAsync(p, a), CUDA_SUCCESS);
  expect_misuse("work in another stream may still use the memory");
}

TEST_F(fake, memory_released_at_once_while_work_uses_it_is_seen) {
  for (const order when : {order::early, order::late}) {
    start(when);
    const CUstream s = new_stream();
    const CUdeviceptr p = new_memory(4);
    int* const pinned = new_pinned<int>(1);
    ASSERT_EQ(cuMemcpyHtoDAsync(p, pinned, 4, s), CUDA_SUCCESS);
    ASSERT_EQ(cuMemFreeHost(pinned), CUDA_SUCCESS);
    expect_misuse("cuMemFreeHost: work that was not waited for");
    ASSERT_EQ(cuMemFree(p), CUDA_SUCCESS);
    expect_misuse("cuMemFree_v2: work that was not waited for");
  }
}

}  // namespace
}  // namespace fake_cuda_tests
