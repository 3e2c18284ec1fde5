// Which kernels a CUDA text has.
#pragma once

#include <cctype>
#include <string>
#include <vector>

#include "fake_cuda/shim.hpp"

namespace fake_cuda {

struct kernel_list {
  std::vector<kernel_name> kernels;
  bool barriers = false;  ///< the text has __syncthreads
};

/// The names behind `__global__`, and their `__launch_bounds__`. Comments are skipped; macros are not
/// expanded.
inline kernel_list kernels_of(const std::string& text) {
  kernel_list found;
  bool in_kernel = false;
  std::string word, bounds = "0";
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t i = 0; i < text.size();) {
    if (text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size());
    } else if (text.compare(i, 2, "/*") == 0) {
      i = std::min(text.find("*/", i), text.size() - 2) + 2;
    } else if (is_word(text[i])) {
      std::size_t end = i;
      while (end < text.size() && is_word(text[end])) ++end;
      word = text.substr(i, end - i);
      i = end;
      if (word == "__syncthreads") found.barriers = true;
      if (word == "__global__") in_kernel = true, bounds = "0";
    } else {
      if (in_kernel && text[i] == '(') {
        if (word == "__launch_bounds__") {
          const std::size_t close = text.find(')', i);
          bounds = text.substr(i + 1, std::min(text.find(',', i), close) - i - 1);
          i = std::min(close, text.size() - 1);
        } else {
          found.kernels.push_back({word, bounds});
          in_kernel = false;
        }
      }
      ++i;
    }
  }
  return found;
}

}  // namespace fake_cuda
