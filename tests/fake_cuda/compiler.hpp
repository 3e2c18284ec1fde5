// The machine's C++ compiler, which compiles CUDA text through the shim.
#pragma once

#include <string>
#include <vector>

namespace fake_cuda {

/// $FAKE_CUDA_CXX, $CXX, the compiler of this build, g++, clang++, c++: the first that is there; else empty.
const std::string& compiler_path();

struct compiled {
  bool ok = false;
  bool cached = false;
  std::string log;  ///< what the compiler said, with the name of the program for the file
  std::vector<char> object;
};

/// `contract`: multiplications and additions may be fused, as NVRTC does unless told otherwise. Objects are
/// kept in $FAKE_CUDA_CACHE or the build's folder under a name made of everything that decides them.
compiled compile(const std::string& text, const std::string& name, bool contract);

}  // namespace fake_cuda
