// A program read once more on the host, a block of elements at a time, for what check mode wants to see.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <busfare/finding.hpp>
#include <busfare/program.hpp>

#include "core/columns.hpp"

namespace busfare::core {

/// What one argument of a kernel holds.
struct argument_contents {
  const void* data = nullptr;  ///< an array's elements as stored; null for numbers
  std::uint64_t size = 0;      ///< elements
  std::uint64_t number = 0;    ///< the bits of a number
  bool one_value = false;      ///< an element argument of rank 0: the same for all elements
};

/// A lookup through a window, and the computed offset by which it looks away along one axis.
struct window_look {
  std::uint32_t seen = program_node::none;  ///< the lookup, or the select between it and a border's constant
  std::uint32_t offset = program_node::none;
  std::int64_t radius = 0;
  int axis = 0;
};

/// What one launch reads: the same for all of its blocks.
struct launch_contents {
  std::vector<argument_contents> arguments;
  std::vector<window_look> looks;
  std::uint64_t shape[3] = {1, 1, 1};  ///< slowest axis first
  std::vector<bool> unwanted;  ///< per result: nobody has it, so that it does not matter; empty: none is
};

/// Something that happened at one node of the program, in an element of which no other was told there.
struct sighting {
  finding_kind kind;
  std::uint32_t node;
  std::uint64_t element;
  /// Bits of the operands; of a lookup: the index; of a loop: its limit; of a window: offset, radius, axis.
  std::array<std::uint64_t, 3> operands;
};

/// Computes blocks of a map. Not for several threads at once.
class interpreter {
 public:
  static constexpr std::size_t lanes = column_lanes;  ///< the largest block

  /// All three outlive it.
  interpreter(const program& p, const launch_contents& from, std::function<void(const sighting&)> see);

  /// Elements first .. first + count - 1; at most `lanes`. Calls `see` for each thing in each element at most
  /// once.
  void run(std::uint64_t first, std::size_t count);
  /// What the last block gives for one result: its node's column.
  [[nodiscard]] const void* result(std::size_t k) const { return at(p_.results[k]); }

 private:
  using lane_mask = std::array<std::uint8_t, lanes>;
  struct loop_storage {
    std::uint32_t node = program_node::none;
    std::uint32_t index = program_node::none;  // the node that reads the trip, if any
    std::vector<std::byte*> state, next;       // columns
  };
  struct step {
    column_operation run = nullptr;
    void* out = nullptr;
    const void* in[3] = {};
  };

  [[nodiscard]] std::byte* at(std::uint32_t node) const { return columns_[node]; }
  [[nodiscard]] value_type type_of(std::uint32_t node) const { return p_.nodes[node].type; }
  [[nodiscard]] std::uint64_t bits(std::uint32_t node, std::size_t lane) const;
  [[nodiscard]] static bool any_of(const lane_mask& mask);
  std::byte* room(value_type t);
  void lay_out();

  void evaluate(std::uint16_t loop, const lane_mask& active);
  void compute(std::uint32_t node, const lane_mask& active);
  void fill_index(std::uint32_t node);
  void repeat(std::uint16_t serial, const lane_mask& wanted, bool careful);
  void step_states(std::uint16_t serial, const lane_mask& active);

  [[nodiscard]] bool born_nan(const program_node& n, std::uint32_t node, std::size_t lane) const;

  // The second look, at what matters; in second_look.cpp.
  bool inspect(std::uint32_t node, const lane_mask& among, bool telling);
  void look(std::uint16_t loop);
  void need(std::uint32_t node, const lane_mask& by);
  void need_operands(std::uint32_t node);
  void tell_limit(std::uint16_t serial, const lane_mask& ran_out);
  void tell(finding_kind kind, std::uint32_t node, std::size_t lane,
            const std::array<std::uint64_t, 3>& operands);

  const program& p_;
  const launch_contents& from_;
  std::function<void(const sighting&)> see_;
  std::vector<std::vector<std::uint32_t>> levels_;  // nodes by their innermost loop
  std::vector<std::byte*> columns_;                 // one per node
  std::vector<step> steps_;                         // one per node; empty where it is no row
  std::vector<loop_storage> loops_;
  std::vector<std::vector<const window_look*>> looks_;  // by node; empty: there are none
  std::vector<lane_mask> needed_;                       // one per node, made for the first second look
  std::vector<std::unique_ptr<lane_mask>> told_;        // one per node: the kinds told in this block
  std::vector<std::uint32_t> told_nodes_;
  std::vector<std::unique_ptr<std::byte[]>> memory_;
  std::uint64_t first_ = 0;
  std::size_t count_ = 0;
  bool suspicious_ = false;
};

}  // namespace busfare::core
