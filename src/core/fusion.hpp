// What has to run for some arrays, and how it falls into kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/graph.hpp"

namespace busfare::core {

/// A value inside a cone: a result of one of its nodes, or an array that exists already.
struct value_ref {
  int node = -1;   ///< index in cone::nodes; -1: existing
  int output = 0;  ///< which result; for existing arrays the index in cone::existing
  friend bool operator==(const value_ref&, const value_ref&) = default;
};

/// Unrun nodes that some arrays depend on, producers first, and the existing arrays they read.
struct cone {
  struct member {
    std::shared_ptr<node> what;
    std::vector<value_ref> arguments;  ///< of array arguments; numbers have node == -2
    std::vector<bool> wanted;          ///< per result: asked for, or alive in a node with several results
    std::vector<int> uses;             ///< per result: how many arguments in the cone read it
  };
  std::vector<member> nodes;
  std::vector<detail::array_handle> existing;
};

/// Collects without recursion. Arrays of `wanted` that exist are not in the cone.
cone collect(std::span<const detail::array_handle> wanted);

/// What ended a fusion.
enum class cut_cause : unsigned char { none, operations, inputs, outputs, arguments, math };
inline constexpr std::size_t cut_causes = 6;

/// One kernel: maps fused in order, and perhaps the fold that consumes them.
struct group {
  std::vector<int> nodes;  ///< indices in the cone, producers first
  int fold = -1;           ///< index of the fold, in the cone; -1: a map
  int stage = 0;
  std::vector<value_ref> inputs;  ///< element, broadcast and whole arguments, without repeats per kind
  std::vector<bool> input_whole;
  struct number_from {
    int node;
    int argument;
  };
  std::vector<number_from> numbers;  ///< in order of parameters
  std::vector<value_ref> results;    ///< arrays that are written
  extents shape;                     ///< of the launch
  int index_rank = 0;
  options how;
  cut_cause why = cut_cause::none;  ///< the limit, or the other math, that ended the fusion before this group
  std::string cut;                  ///< in words; empty: nothing
};

/// Which of the group's inputs the value is, read as a whole or by elements; -1: none.
int input_position(const group& g, const value_ref& v, bool whole);

/// Limits of one generated kernel.
struct fusion_limits {
  int operations = 256;
  int inputs = 16;
  int outputs = 4;
  int argument_bytes = 1000;
  bool alone = false;  ///< check mode: every node is a kernel of its own
};

/// Groups in an order in which they can run. Deterministic in the structure of the cone.
std::vector<group> fuse(const cone& c, const fusion_limits& limits = {});

/// Where the nodes of a group were recorded, in its order. Of these, not of those that a plan was made for.
source_line first_line(const cone& c, const group& g);
void lines_of(const cone& c, const group& g, std::vector<source_line>& lines);

/// Everything that decides the groups and their placement, as words: equal words, equal plans. `place_words`
/// says where the contents of an existing array are.
std::vector<std::uint64_t> signature(const cone& c, std::uint64_t (*place_words)(const detail::array_state&));

}  // namespace busfare::core
