// A traced kernel: canonical, typed, immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <busfare/backend/executable.hpp>
#include <busfare/type.hpp>
#include <busfare/value/table.hpp>

namespace busfare {

/// The type of a node: a compute type, or a mask (one truth value per element).
enum class value_type : std::uint8_t { f32, f64, i32, u32, i64, u64, mask };

constexpr value_type value_of(type t) noexcept { return static_cast<value_type>(compute_of(t)); }

/// One operation. Operands are indices of earlier nodes; `none` where there is none.
struct program_node {
  static constexpr std::uint32_t none = 0xffffffffu;
  busfare::op op = op::literal;
  value_type type = value_type::f32;
  std::uint16_t loop = 0;  ///< serial of the innermost loop whose state it depends on; 0: none
  std::uint32_t operand[3] = {none, none, none};
  std::uint64_t bits = 0;

  friend bool operator==(const program_node&, const program_node&) = default;
};

/// A loop. iterate: up to `limit` trips while `condition` holds before the step. fold: `limit` trips, no
/// condition.
struct program_loop {
  std::uint16_t parent = 0;                      ///< serial of the loop around it; 0: none
  std::uint32_t limit = program_node::none;      ///< i64 node; computed outside this loop
  std::uint32_t condition = program_node::none;  ///< mask node inside; none for a fold
  std::vector<std::uint32_t> start, next;        ///< one per state; start outside, next inside

  friend bool operator==(const program_loop&, const program_loop&) = default;
};

/// 128 bits that name a program; equal across compilers, optimisation levels and runs.
struct program_id {
  std::uint64_t high = 0, low = 0;
  friend bool operator==(const program_id&, const program_id&) = default;
};

/// Nodes in canonical order: depth-first from the results, operands before users, unused ones dropped, equal
/// ones shared. Immutable; may be read by several threads.
class program {
 public:
  /// How each argument is seen; results are not among them.
  std::vector<backend::parameter> arguments;
  std::vector<program_node> nodes;
  std::vector<program_loop> loops;     ///< serial s is loops[s - 1]
  std::vector<std::uint32_t> results;  ///< nodes
  std::vector<type> stored;            ///< the stored type of each result
  program_id id;                       ///< of all of the above
  double flops = 0;  ///< per element; loops count their limit once where it is a literal, else once
  bool uses_f64 = false;
  bool f64_from_literal = false;  ///< f64 came in only by a literal
  bool uses_index = false;
};

using program_ptr = std::shared_ptr<const program>;

}  // namespace busfare
