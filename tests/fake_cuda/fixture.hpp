// What the tests of the fakes share: a device, its streams, kernels from text.
#pragma once

#include <cuda.h>
#include <gtest/gtest.h>
#include <nvrtc.h>
#include <string>
#include <vector>

#include "fake_cuda/control.hpp"

namespace fake_cuda_tests {

using fake_cuda::effect;
using fake_cuda::fault;
using fake_cuda::order;
using fake_cuda::settings;

class fake : public ::testing::Test {
 protected:
  void SetUp() override {
    driver = fake_cuda::loaded_driver();
    compiler = fake_cuda::loaded_compiler();
    ASSERT_TRUE(driver != nullptr && compiler != nullptr);
    compiler->reset();
    start(order::late);
  }
  void TearDown() override { driver->reset(nullptr); }

  /// A new world with one context, which is current.
  void start(order when, std::uint64_t seed = 1, int devices = 1, std::uint64_t memory = 1 << 26) {
    settings s;
    s.when = when;
    s.seed = seed;
    s.devices = devices;
    s.memory = memory;
    driver->reset(&s);
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxPushCurrent(context), CUDA_SUCCESS);
  }

  CUstream new_stream(unsigned flags = CU_STREAM_NON_BLOCKING) {
    CUstream s = nullptr;
    EXPECT_EQ(cuStreamCreate(&s, flags), CUDA_SUCCESS);
    return s;
  }
  CUdeviceptr new_memory(std::size_t bytes) {
    CUdeviceptr p = 0;
    EXPECT_EQ(cuMemAlloc(&p, bytes), CUDA_SUCCESS);
    return p;
  }
  template <class T> T* new_pinned(std::size_t n) {
    void* p = nullptr;
    EXPECT_EQ(cuMemHostAlloc(&p, n * sizeof(T), 0), CUDA_SUCCESS);
    return static_cast<T*>(p);
  }
  CUevent recorded(CUstream s, unsigned flags = 0) {
    CUevent e = nullptr;
    EXPECT_EQ(cuEventCreate(&e, flags), CUDA_SUCCESS);
    EXPECT_EQ(cuEventRecord(e, s), CUDA_SUCCESS);
    return e;
  }
  template <class T> std::vector<T> read(CUdeviceptr p, std::size_t n, CUstream s) {
    std::vector<T> v(n);
    EXPECT_EQ(cuMemcpyDtoHAsync(v.data(), p, n * sizeof(T), s), CUDA_SUCCESS);
    return v;
  }
  /// One misuse whose text has these words; the list starts anew with each world.
  void expect_misuse(const std::string& words) {
    std::string all;
    for (std::uint64_t i = 0; i < driver->misuse_count(); ++i) all += std::string(driver->misuse(i)) + "\n";
    EXPECT_NE(all.find(words), std::string::npos) << "no misuse about '" << words << "' in:\n" << all;
  }
  void expect_no_misuse() { EXPECT_EQ(driver->misuse_count(), 0u) << driver->misuse(0); }
  void plan(fault f) { driver->plan(&f); }

  /// The image of a text; empty where it does not compile, and `log` then says why.
  std::vector<char> image(const std::string& text, std::vector<const char*> options = same_bits()) {
    nvrtcProgram p = nullptr;
    EXPECT_EQ(nvrtcCreateProgram(&p, text.c_str(), "test.cu", 0, nullptr, nullptr), NVRTC_SUCCESS);
    compile_result = nvrtcCompileProgram(p, static_cast<int>(options.size()), options.data());
    std::size_t size = 0;
    EXPECT_EQ(nvrtcGetProgramLogSize(p, &size), NVRTC_SUCCESS);
    log.resize(size);
    EXPECT_EQ(nvrtcGetProgramLog(p, log.data()), NVRTC_SUCCESS);
    std::vector<char> made;
    if (compile_result == NVRTC_SUCCESS) {
      EXPECT_EQ(nvrtcGetCUBINSize(p, &size), NVRTC_SUCCESS);
      made.resize(size);
      EXPECT_EQ(nvrtcGetCUBIN(p, made.data()), NVRTC_SUCCESS);
    }
    EXPECT_EQ(nvrtcDestroyProgram(&p), NVRTC_SUCCESS);
    return made;
  }
  CUfunction kernel(const std::string& text, const char* name,
                    std::vector<const char*> options = same_bits()) {
    const std::vector<char> made = image(text, std::move(options));
    CUfunction f = nullptr;
    EXPECT_FALSE(made.empty()) << log;
    if (made.empty()) return f;
    EXPECT_EQ(cuModuleLoadData(&module, made.data()), CUDA_SUCCESS);
    EXPECT_EQ(cuModuleGetFunction(&f, module, name), CUDA_SUCCESS);
    return f;
  }
  static std::vector<const char*> same_bits() {
    return {"--gpu-architecture=sm_90", "--fmad=false", "--prec-div=true", "--prec-sqrt=true", "--ftz=false"};
  }
  template <class... A> CUresult launch(CUfunction f, unsigned blocks, unsigned threads, CUstream s, A... a) {
    void* parameters[] = {&a..., nullptr};
    return cuLaunchKernel(f, blocks, 1, 1, threads, 1, 1, 0, s, parameters, nullptr);
  }

  const fake_cuda::driver_control* driver = nullptr;
  const fake_cuda::compiler_control* compiler = nullptr;
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  nvrtcResult compile_result = NVRTC_SUCCESS;
  std::string log;
};

}  // namespace fake_cuda_tests
