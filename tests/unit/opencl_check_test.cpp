// OpenCL's codes become classified errors, and a loss is remembered.
#include <gtest/gtest.h>

#if __has_include(<CL/cl.h>)
#include "opencl/check.hpp"

namespace {

using namespace busfare;
using opencl::wall;

TEST(opencl_check, codes_have_names_and_classes) {
  EXPECT_STREQ(opencl::name_of(CL_OUT_OF_RESOURCES), "CL_OUT_OF_RESOURCES");
  EXPECT_STREQ(opencl::name_of(-1001), "CL_PLATFORM_NOT_FOUND_KHR");
  EXPECT_STREQ(opencl::name_of(-4242), "an unknown code");
  for (const cl_int code :
       {CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY, CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_INVALID_BUFFER_SIZE})
    EXPECT_EQ(opencl::class_of(code), error_class::out_of_memory);
  EXPECT_EQ(opencl::class_of(CL_DEVICE_NOT_AVAILABLE), error_class::device_lost);
  EXPECT_EQ(opencl::class_of(-9999), error_class::device_lost);
  EXPECT_EQ(opencl::class_of(CL_BUILD_PROGRAM_FAILURE), error_class::kernel_build);
  EXPECT_EQ(opencl::class_of(-1001), error_class::unavailable);
  EXPECT_EQ(opencl::class_of(CL_INVALID_VALUE), error_class::internal);
}

TEST(opencl_check, an_error_names_call_code_device_and_size) {
  const wall w("opencl:3");
  EXPECT_NO_THROW(w.check(CL_SUCCESS, "clCreateBuffer", std::uint64_t{1}));
  try {
    w.check(CL_MEM_OBJECT_ALLOCATION_FAILURE, "clCreateBuffer", std::uint64_t{4096});
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::out_of_memory);
    EXPECT_EQ(e.where().device, "opencl:3");
    EXPECT_EQ(e.where().native_call, "clCreateBuffer");
    EXPECT_EQ(e.where().native_code, CL_MEM_OBJECT_ALLOCATION_FAILURE);
    EXPECT_NE(std::string(e.what()).find("4096"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("CL_MEM_OBJECT_ALLOCATION_FAILURE"), std::string::npos);
  }
  EXPECT_TRUE(w.lost().empty());
  EXPECT_NO_THROW(w.require_alive());
}

TEST(opencl_check, a_lost_device_stays_lost) {
  const wall w("opencl:0");
  w.quietly(CL_INVALID_VALUE, "clReleaseMemObject");
  EXPECT_TRUE(w.lost().empty());
  EXPECT_THROW(w.check(CL_DEVICE_NOT_AVAILABLE, "clEnqueueNDRangeKernel"), error);
  EXPECT_NE(w.lost().find("CL_DEVICE_NOT_AVAILABLE"), std::string::npos);
  try {
    w.require_alive();
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::device_lost);
  }
  const wall v("opencl:1");
  v.quietly(CL_DEVICE_NOT_AVAILABLE, "clReleaseMemObject");
  EXPECT_FALSE(v.lost().empty());
}

}  // namespace
#endif
