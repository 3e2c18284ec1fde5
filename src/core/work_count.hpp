// What one element of a program costs: counts of operations, without any device's speed.
#pragma once

#include <cstdint>
#include <span>

#include <busfare/program.hpp>

namespace busfare::core {

/// Per element. Loops count as often as they run: see `work_of`.
struct work_count {
  double flops = 0;  ///< the vocabulary's column, for reports of GFLOP/s
  double instructions =
      0;                  ///< what an arithmetic unit issues, definitions opened; a fused multiply-add is one
  double divisions = 0;   ///< divisions, remainders and square roots; not among `instructions`
  double addressing = 0;  ///< instructions that find a window's elements; not among the others

  /// The CPU's packs find the elements of windows once per pack: those instructions count for others only.
  [[nodiscard]] double issued(bool by_packs) const noexcept {
    return instructions + (by_packs ? 0 : addressing);
  }

  work_count& operator+=(const work_count& o) noexcept {
    flops += o.flops;
    instructions += o.instructions;
    divisions += o.divisions;
    addressing += o.addressing;
    return *this;
  }
};

/// With loops as `loop_weights` counts them. Minimum and maximum of floats count six instructions, since they
/// order zeros and pass NaN; a bit cast none; everything else that is no division one. Not while a kernel is
/// recorded: definitions are traced at their first use.
work_count work_of(const program& p, std::span<const std::uint64_t> numbers);

}  // namespace busfare::core
