// Several maps fused into one program.
#pragma once

#include <span>
#include <vector>

#include <busfare/program.hpp>

namespace busfare::core {

/// One map of a fused chain, in an order in which producers come first.
struct fused_part {
  const program* what;
  /// Per argument of the part: k >= 0 is fused argument k; k < 0 is the (~k)-th value produced by earlier
  /// parts, counted over all their results in order.
  std::vector<int> argument_source;
};

/// The fused program. `results` are indices of produced values, `stored` their types in memory. A value that
/// passes between parts goes through its stored type, so that the bits are those of the unfused run.
/// Throws internal where sources and arguments do not fit.
program_ptr compose(std::span<const fused_part> parts, std::vector<backend::parameter> fused_arguments,
                    std::span<const int> results, std::span<const type> stored);

}  // namespace busfare::core
