// The driver's codes become classified errors, a loss is remembered, and GPUs get code that runs on them.
#include <gtest/gtest.h>

#if __has_include(<cuda.h>)
#include "cuda/check.hpp"
#include "cuda/platform.hpp"

namespace {

using namespace busfare;
using cuda::wall;

TEST(cuda_check, codes_have_classes) {
  EXPECT_EQ(cuda::class_of(CUDA_ERROR_OUT_OF_MEMORY), error_class::out_of_memory);
  for (const CUresult code :
       {CUDA_ERROR_ILLEGAL_ADDRESS, CUDA_ERROR_LAUNCH_FAILED, CUDA_ERROR_LAUNCH_TIMEOUT, CUDA_ERROR_ASSERT,
        CUDA_ERROR_ECC_UNCORRECTABLE, CUDA_ERROR_HARDWARE_STACK_ERROR, CUDA_ERROR_NVLINK_UNCORRECTABLE,
        CUDA_ERROR_DEINITIALIZED, CUDA_ERROR_CONTEXT_IS_DESTROYED, CUDA_ERROR_NO_DEVICE, CUDA_ERROR_UNKNOWN,
        static_cast<CUresult>(226), static_cast<CUresult>(721)})
    EXPECT_EQ(cuda::class_of(code), error_class::device_lost) << code;
  for (const CUresult code : {CUDA_ERROR_INVALID_PTX, CUDA_ERROR_NO_BINARY_FOR_GPU, CUDA_ERROR_INVALID_IMAGE})
    EXPECT_EQ(cuda::class_of(code), error_class::kernel_build) << code;
  EXPECT_EQ(cuda::class_of(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH), error_class::unavailable);
  EXPECT_EQ(cuda::class_of(CUDA_ERROR_TIMEOUT), error_class::timeout);
  EXPECT_EQ(cuda::class_of(CUDA_ERROR_INVALID_VALUE), error_class::internal);
  EXPECT_EQ(cuda::words_for(nullptr, CUDA_ERROR_INVALID_VALUE), "code 1");
}

TEST(cuda_check, an_error_names_call_code_device_and_size) {
  const wall w("cuda:3");
  EXPECT_NO_THROW(w.check(CUDA_SUCCESS, "cuMemAllocAsync", std::uint64_t{1}));
  try {
    w.check(CUDA_ERROR_OUT_OF_MEMORY, "cuMemAllocAsync", std::uint64_t{4096});
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::out_of_memory);
    EXPECT_EQ(e.where().device, "cuda:3");
    EXPECT_EQ(e.where().native_call, "cuMemAllocAsync");
    EXPECT_EQ(e.where().native_code, CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_FALSE(e.where().hint.empty());
    EXPECT_NE(std::string(e.what()).find("4096"), std::string::npos);
  }
  EXPECT_FALSE(w.is_lost());
  EXPECT_NO_THROW(w.require_alive());
}

TEST(cuda_check, a_lost_device_stays_lost_and_keeps_the_first_cause) {
  const wall w("cuda:0");
  w.quietly(CUDA_ERROR_INVALID_VALUE, "cuMemFreeAsync");
  EXPECT_TRUE(w.lost().empty());
  EXPECT_THROW(w.check(CUDA_ERROR_ILLEGAL_ADDRESS, "cuEventQuery"), error);
  EXPECT_THROW(w.check(CUDA_ERROR_CONTEXT_IS_DESTROYED, "cuStreamCreate"), error);
  EXPECT_NE(w.lost().find("cuEventQuery"), std::string::npos) << w.lost();
  try {
    w.require_alive();
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::device_lost);
  }
  const wall v("cuda:1");
  v.quietly(CUDA_ERROR_DEINITIALIZED, "cuStreamDestroy");
  EXPECT_TRUE(v.is_lost());
}

TEST(cuda_platform, a_gpu_gets_code_of_its_family_or_text) {
  const std::vector<int> known{75, 80, 86, 89, 90, 100, 120};
  EXPECT_EQ(cuda::architecture_for(90, known), "sm_90");
  EXPECT_EQ(cuda::architecture_for(87, known), "sm_86");
  EXPECT_EQ(cuda::architecture_for(103, known), "sm_100");
  EXPECT_EQ(cuda::architecture_for(130, known), "compute_120");  // newer than the compiler
  EXPECT_EQ(cuda::architecture_for(61, known), "");              // older than what it still knows
  EXPECT_EQ(cuda::architecture_for(90, {}), "");
}

}  // namespace
#endif
