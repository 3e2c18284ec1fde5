// Source text of kernels.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <busfare/program.hpp>

namespace busfare::core {

struct generated {
  std::string source;
  std::string entry;   ///< the kernel's name
  unsigned width = 1;  ///< maps: neighbouring elements that one work item computes at each step
};

/// A map in dialect "opencl-cpu", "opencl-gpu" or "cuda"; parameters as backend/executable.hpp says: the
/// program's arguments, one result pointer per result, first, count, shape. At least `count` work items
/// (OpenCL); any grid (CUDA), where `count / width` items, rounded up, take one step each.
generated emit_map(const program& p, std::string_view dialect);

/// One level of the fixed reduction tree: result element b covers elements [first + 4096 b, ...).
/// `element`: what is folded, component k is its result k, seen through component_stored[k]; null: the
/// parameters are one element pointer per component. `operation`: 2k arguments (the k accumulated components,
/// then the k new ones), k results, whose stored types are those of the kernel's results.
/// opencl-cpu: one work item per block of 4096. Others: one group of fold_lanes(operation) items per block.
generated emit_fold(const program* element, const program& operation, std::span<const type> component_stored,
                    std::string_view dialect);

/// Lanes of the tree for this operation: 64 where no accumulator is wider than 4 bytes, else 32.
unsigned fold_lanes(const program& operation);

}  // namespace busfare::core
