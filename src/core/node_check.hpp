// Check mode's look at one node that has just run.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <busfare/finding.hpp>

#include "core/fusion.hpp"
#include "core/run_control.hpp"

namespace busfare::core {

/// What a node read and wrote, in host memory.
struct node_contents {
  const node* what = nullptr;
  extents shape;                                     ///< of the launch
  std::string device;                                ///< that ran it
  std::vector<std::shared_ptr<const void>> inputs;   ///< one per argument; null for numbers
  std::vector<std::uint64_t> sizes;                  ///< of inputs, in elements
  std::vector<std::shared_ptr<const void>> results;  ///< one per result; null where it was not written
  bool same_bits = false;                            ///< the results are what the kernel means, bit for bit
};

/// Computes the node again, on the pool; blocks. Throws cancelled where `control` (which may be null) says
/// so.
std::vector<finding> check_node(const node_contents& n, const run_control* control);

}  // namespace busfare::core
