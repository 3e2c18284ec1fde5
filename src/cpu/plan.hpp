// A build request in the form that the launch path walks: checked once, flat arrays, no spans into the
// request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <busfare/backend/executable.hpp>

namespace busfare::cpu {

/// Elements of a block of a chain: its temporaries stay in the first-level cache.
inline constexpr std::uint64_t chain_block = 512;

/// Where a slot's elements are while a block runs.
enum class place : std::uint8_t {
  array,  ///< in memory that the launch names, at the flat element index
  block,  ///< in the thread's scratch, from the start of the block
  tree,   ///< in the thread's scratch, from the start of the tree block (folds)
};

struct slot {
  busfare::type type;
  place where;
  backend::parameter_kind kind;  ///< temporaries: element
  std::size_t stride;            ///< bytes from one element to the next; 0: one value, a table or a number
  std::size_t scratch;           ///< offset in the thread's scratch: temporaries, shadows, filled broadcasts
};

struct planned_step {
  cpu_entry run, base;
  bool comparable;  ///< `run` is not `base`, and both promise the same bits
  std::size_t in, in_end, out, out_end, numbers, numbers_end;  ///< ranges of the plan's flat arrays
};

/// A result that a step writes before a later step reads an input: where both are the same memory, the result
/// goes to scratch first (a shadow) and is copied when its block is done.
struct hazard {
  int result, input;
};

struct plan {
  backend::work kind = backend::work::map;
  isa set = isa::base;
  std::size_t parameters = 0;
  std::vector<slot> slots;  ///< parameters, then temporaries
  std::vector<planned_step> steps;
  std::vector<int> in, out, numbers;  ///< slots, slots, parameter indices of all steps, in order
  std::vector<hazard> hazards;
  std::size_t scratch_bytes = 0;  ///< of one thread
  bool blocked = false;           ///< runs by chain_block: more than one step, or temporaries
  bool streamable = false;        ///< the last step's results may be streamed when they are large
  double weight = 1;              ///< predicted work of one element, in simple steps

  cpu_fold_entry fold = nullptr, fold_base = nullptr;
  bool fold_comparable = false;
  cpu_folded_entry folded = nullptr;  ///< the one step and the fold, of whole tree blocks; null: in turn
  bool folded_comparable = false;
  std::vector<int> fold_slots, fold_results;

  std::vector<void (*)()> links;  ///< one per step: the chain runs in registers; empty: by blocks
  isa link_set = isa::base;       ///< the links' set, `set` or a narrower one
  bool links_comparable = false;
};

/// Throws `internal` for a request that breaks the contract of backend/executable.hpp, saying where.
plan make_plan(const backend::build_request& what, isa set);

}  // namespace busfare::cpu
