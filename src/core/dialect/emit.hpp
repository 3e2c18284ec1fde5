// Source text of kernels.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <busfare/program.hpp>

namespace busfare::core {

struct generated {
  std::string source;
  std::string entry;   ///< the kernel's name
  unsigned width = 1;  ///< maps: neighbouring elements that one work item computes at each step
  bool fast = false;   ///< build_request::fast
};

/// How floats are written.
enum class spelling : std::uint8_t {
  exact,    ///< math::exact
  defined,  ///< math::fast for compilers whose own functions are slower than the text of our definitions
  native,   ///< math::fast with the compiler's own functions, where the vocabulary names one
};

/// A map in dialect "opencl-cpu", "opencl-gpu" or "cuda"; parameters as backend/executable.hpp says: the
/// program's arguments, one result pointer per result, first, count, shape. At least `count` work items in
/// OpenCL where the width is 1; else any number, and `count / width` items, rounded up, take one step each.
/// opencl-cpu: a compiler that is told BUSFARE_STREAM_FROM, in bytes, makes of it what stores past the caches
/// where a launch crosses as much memory element by element.
generated emit_map(const program& p, std::string_view dialect, spelling how = spelling::exact);

/// The fixed trees of docs/same-bits.md: lanes for operations that commute, pairs for those that do not.
enum class fold_tree : std::uint8_t { lanes, pairs };

/// One level of blocks of the fixed reduction tree: result element b covers elements [first + 4096 b, ...).
/// `element`: what is folded, component k is its result k, seen through component_stored[k]; null: the
/// parameters are one element pointer per component. `operation`: 2k arguments (the k accumulated components,
/// then the k new ones), k results, whose stored types are those of the kernel's results.
/// opencl-cpu: one work item per block of 4096. Others: one group of fold_lanes(operation) items per block.
generated emit_fold(const program* element, const program& operation, std::span<const type> component_stored,
                    std::string_view dialect, fold_tree tree = fold_tree::lanes,
                    spelling how = spelling::exact);

/// Items of a group that folds a block. They are the lanes of the tree: 64 where no accumulator is wider than
/// 4 bytes, else 32; 64 for pairs.
unsigned fold_lanes(const program& operation, fold_tree tree = fold_tree::lanes);

}  // namespace busfare::core
