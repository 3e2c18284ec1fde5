// The fake NVRTC and launches: CUDA text runs on the host, and what a GPU would punish is seen.
#include <cmath>
#include <set>

#include "fake_cuda/fixture.hpp"

namespace fake_cuda_tests {
namespace {

constexpr const char* scale = R"(
static __device__ __forceinline__ float twice(const float a) { return a + a; }
extern "C" __global__ void scale(const float* x, const float factor, float* r, const unsigned long long first,
                                 const unsigned long long count) {
  const unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;
  for (unsigned long long e = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x; e < count; e += step)
    r[first + e] = twice(x[first + e]) * factor;
}
)";

// A sum over one block; BARRIER between the halves.
std::string sum_with(const std::string& barrier) {
  return R"(
extern "C" __global__ __launch_bounds__(64) void sum(const unsigned* x, unsigned* r) {
  __shared__ unsigned part[64];
  const unsigned j = threadIdx.x;
  part[j] = x[blockIdx.x * 64 + j];
  )" + barrier +
         R"(
  for (unsigned h = 32; h > 0; h /= 2) {
    if (j < h) part[j] += part[j + h];
    )" + barrier +
         R"(
  }
  if (j == 0) r[blockIdx.x] = part[0];
}
)";
}

TEST_F(fake, a_kernel_runs_when_it_was_waited_for) {
  const CUstream s = new_stream();
  const CUfunction f = kernel(scale, "scale");
  std::vector<float> x(1000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const CUdeviceptr p = new_memory(4000), r = new_memory(4000);
  ASSERT_EQ(cuMemcpyHtoDAsync(p, x.data(), 4000, s), CUDA_SUCCESS);
  ASSERT_EQ(launch(f, 3, 64, s, p, 1.5f, r, 1ull, 999ull), CUDA_SUCCESS);
  EXPECT_EQ(driver->launches(), 0u);
  const std::vector<float> got = read<float>(r, 1000, s);
  EXPECT_EQ(driver->launches(), 1u);
  for (std::size_t i = 1; i < x.size(); ++i) ASSERT_EQ(got[i], x[i] * 3.0f) << i;
  EXPECT_NE(got[0], 0.0f);  // new memory holds rubbish
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(driver->misuse_count(), 1u);
}

TEST_F(fake, threads_of_a_block_meet_at_barriers) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    start(order::random, seed);
    const CUfunction f = kernel(sum_with("__syncthreads();"), "sum");
    std::vector<unsigned> x(640), want(10);
    for (unsigned i = 0; i < 640; ++i) want[i / 64] += x[i] = i * 2654435761u;
    const CUdeviceptr p = new_memory(2560), r = new_memory(40);
    ASSERT_EQ(cuMemcpyHtoDAsync(p, x.data(), 2560, nullptr), CUDA_SUCCESS);
    ASSERT_EQ(launch(f, 10, 64, nullptr, p, r), CUDA_SUCCESS);
    EXPECT_EQ(read<unsigned>(r, 10, nullptr), want);
  }
  expect_no_misuse();
}

TEST_F(fake, a_barrier_that_is_missing_shows_in_some_order) {
  int wrong = 0;
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    start(order::random, seed);
    const CUfunction f = kernel(sum_with(""), "sum");
    const std::vector<unsigned> x(64, 1);
    const CUdeviceptr p = new_memory(256), r = new_memory(4);
    ASSERT_EQ(cuMemcpyHtoDAsync(p, x.data(), 256, nullptr), CUDA_SUCCESS);
    ASSERT_EQ(launch(f, 1, 64, nullptr, p, r), CUDA_SUCCESS);
    if (read<unsigned>(r, 1, nullptr)[0] != 64) ++wrong;
  }
  EXPECT_GT(wrong, 0);
}

TEST_F(fake, threads_that_part_at_a_barrier_fail_the_launch) {
  const char* const parting[] = {
      "extern \"C\" __global__ void f(int* r) { if (threadIdx.x == 3) return; __syncthreads(); r[0] = 1; }",
      "extern \"C\" __global__ void f(int* r) { if (threadIdx.x < 3) __syncthreads(); else __syncthreads(); "
      "}"};
  for (const char* text : parting) {
    start(order::late);
    const CUfunction f = kernel(text, "f");
    ASSERT_EQ(launch(f, 1, 64, nullptr, new_memory(4)), CUDA_SUCCESS);
    EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_ERROR_LAUNCH_FAILED);
    expect_misuse("part at a barrier");
    EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_ERROR_LAUNCH_FAILED);  // for good
  }
}

TEST_F(fake, pointers_that_a_kernel_must_not_use_break_the_context) {
  std::vector<float> host(64);
  const CUfunction f = kernel(scale, "scale");
  const auto wrong = reinterpret_cast<CUdeviceptr>(host.data());
  ASSERT_EQ(launch(f, 1, 64, nullptr, wrong, 1.0f, new_memory(256), 0ull, 64ull), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_ERROR_ILLEGAL_ADDRESS);
  expect_misuse("points to no memory of the device");
}

TEST_F(fake, writing_behind_the_end_of_memory_is_seen) {
  const CUfunction f = kernel(scale, "scale");
  const CUdeviceptr p = new_memory(1024), r = new_memory(63 * 4);
  ASSERT_EQ(launch(f, 1, 64, nullptr, p, 1.0f, r, 0ull, 63ull), CUDA_SUCCESS);
  ASSERT_EQ(cuStreamSynchronize(nullptr), CUDA_SUCCESS);
  ASSERT_EQ(launch(f, 1, 64, nullptr, p, 1.0f, r, 0ull, 64ull), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_ERROR_ILLEGAL_ADDRESS);
  expect_misuse("wrote behind the end");
}

TEST_F(fake, launches_out_of_bounds_are_refused) {
  const CUfunction f = kernel(sum_with("__syncthreads();"), "sum");
  int threads = 0, blocks = 0, shared = 0;
  EXPECT_EQ(cuFuncGetAttribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, f), CUDA_SUCCESS);
  EXPECT_EQ(cuFuncGetAttribute(&shared, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, f), CUDA_SUCCESS);
  EXPECT_EQ(threads, 64);
  EXPECT_EQ(shared, 256);
  EXPECT_EQ(cuOccupancyMaxPotentialBlockSize(&blocks, &threads, f, nullptr, 0, 0), CUDA_SUCCESS);
  EXPECT_EQ(threads, 64);
  EXPECT_EQ(blocks, 6);
  const CUdeviceptr p = new_memory(256);
  EXPECT_EQ(launch(f, 1, 65, nullptr, p, p), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(f, 0, 64, nullptr, p, p), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(driver->misuse_count(), 2u);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_EQ(launch(f, 1, 64, nullptr, p, p), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(fake, a_module_unloaded_while_it_may_run_is_seen) {
  const CUfunction f = kernel(scale, "scale");
  const CUdeviceptr p = new_memory(256);
  ASSERT_EQ(launch(f, 1, 64, nullptr, p, 1.0f, p, 0ull, 64ull), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  expect_misuse("cuModuleUnload: launches that were not waited for");
}

TEST_F(fake, an_error_in_the_text_gives_the_compilers_log) {
  EXPECT_TRUE(image("extern \"C\" __global__ void f(int* r) {\n  r[0] = no_such_thing;\n}\n").empty());
  EXPECT_EQ(compile_result, NVRTC_ERROR_COMPILATION);
  EXPECT_NE(log.find("test.cu:2"), std::string::npos) << log;
  EXPECT_NE(log.find("no_such_thing"), std::string::npos) << log;
}

TEST_F(fake, options_are_looked_at) {
  EXPECT_FALSE(image(scale).empty());
  EXPECT_EQ(compiler->other_bits(), 0u);
  EXPECT_EQ(std::string(compiler->last_options()).find("--gpu-architecture=sm_90 --fmad=false"), 0u);
  EXPECT_FALSE(image(scale, {"--gpu-architecture=sm_90"}).empty());  // contracts unless told not to
  EXPECT_EQ(compiler->other_bits(), 1u);
  EXPECT_FALSE(image(scale, {"--gpu-architecture=sm_90", "--fmad=false", "--ftz=true"}).empty());
  EXPECT_EQ(compiler->other_bits(), 2u);
  EXPECT_TRUE(image(scale, {"--gpu-architecture=sm_42"}).empty());
  EXPECT_EQ(compile_result, NVRTC_ERROR_INVALID_OPTION);
  EXPECT_TRUE(image(scale, {"--no-such-option"}).empty());
  EXPECT_EQ(compile_result, NVRTC_ERROR_INVALID_OPTION);
  EXPECT_EQ(compiler->programs(), 0u);
}

// x * x - y is exact with one rounding, and not with two.
TEST_F(fake, contraction_gives_other_bits_where_the_processor_can) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("fma")) GTEST_SKIP() << "this processor has no fused multiply-add";
#endif
  const char* text =
      "extern \"C\" __global__ void f(const float* x, float* r) {\n"
      "  const float m = x[0] * x[0];\n  const float d = m - x[1];\n  r[0] = d;\n  r[1] = fma(x[0], x[0], "
      "-x[1]);\n}\n";
  const float x = 1.0f + 0x1p-12f;
  const float values[2] = {x, x * x};
  const CUdeviceptr p = new_memory(8), r = new_memory(8);
  ASSERT_EQ(cuMemcpyHtoDAsync(p, values, 8, nullptr), CUDA_SUCCESS);
  ASSERT_EQ(launch(kernel(text, "f"), 1, 1, nullptr, p, r), CUDA_SUCCESS);
  const std::vector<float> apart = read<float>(r, 2, nullptr);
  EXPECT_EQ(apart[0], 0.0f);
  EXPECT_EQ(apart[1], 0x1p-24f);
  ASSERT_EQ(launch(kernel(text, "f", {"--gpu-architecture=sm_90"}), 1, 1, nullptr, p, r), CUDA_SUCCESS);
  EXPECT_EQ(read<float>(r, 2, nullptr)[0], 0x1p-24f);
}

TEST_F(fake, an_image_is_checked) {
  std::vector<char> good = image(scale), bad = good;
  CUmodule m = nullptr;
  bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
  EXPECT_EQ(cuModuleLoadData(&m, bad.data()), CUDA_ERROR_INVALID_IMAGE);
  bad = std::vector<char>(200, 'x');
  EXPECT_EQ(cuModuleLoadData(&m, bad.data()), CUDA_ERROR_INVALID_IMAGE);
  const std::vector<char> newer = image(scale, {"--gpu-architecture=sm_100", "--fmad=false"});
  EXPECT_EQ(cuModuleLoadData(&m, newer.data()), CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_EQ(cuModuleLoadData(&m, good.data()), CUDA_SUCCESS);
  CUfunction f = nullptr;
  EXPECT_EQ(cuModuleGetFunction(&f, m, "absent"), CUDA_ERROR_NOT_FOUND);
  expect_no_misuse();
}

TEST_F(fake, a_text_compiled_before_comes_from_the_cache) {
  const std::string text = std::string(scale) + "// " +
                           std::to_string(reinterpret_cast<std::uintptr_t>(&driver)) +
                           std::to_string(::testing::UnitTest::GetInstance()->start_timestamp()) + "\n";
  EXPECT_FALSE(image(text).empty());
  EXPECT_EQ(compiler->from_cache(), 0u);
  EXPECT_FALSE(image(text).empty());
  EXPECT_EQ(compiler->compiled(), 2u);
  EXPECT_EQ(compiler->from_cache(), 1u);
}

}  // namespace
}  // namespace fake_cuda_tests
