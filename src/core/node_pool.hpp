// Nodes that are stored once: equal ones share a place. Grows by appending; operands come earlier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <busfare/program.hpp>

namespace busfare::core {

/// Not thread-safe.
class node_pool {
 public:
  /// The place of a node equal to `n`, appended where there was none.
  std::uint32_t intern(const program_node& n) {
    if ((nodes_.size() + 1) * 2 > slots_.size()) grow();
    std::size_t at = place(n);
    while (slots_[at] != program_node::none) {
      if (nodes_[slots_[at]] == n) return slots_[at];
      at = (at + 1) & (slots_.size() - 1);
    }
    slots_[at] = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back(n);
    return slots_[at];
  }

  [[nodiscard]] const program_node& operator[](std::uint32_t i) const noexcept { return nodes_[i]; }
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  [[nodiscard]] std::vector<program_node> take() && { return std::move(nodes_); }

 private:
  [[nodiscard]] std::size_t place(const program_node& n) const noexcept {
    std::uint64_t h = static_cast<std::uint64_t>(n.op) | static_cast<std::uint64_t>(n.type) << 8 |
                      static_cast<std::uint64_t>(n.loop) << 16;
    for (const std::uint64_t word :
         {std::uint64_t{n.operand[0]}, std::uint64_t{n.operand[1]}, std::uint64_t{n.operand[2]}, n.bits}) {
      h = (h ^ word) * 0x9e3779b97f4a7c15u;
      h ^= h >> 29;
    }
    return static_cast<std::size_t>(h) & (slots_.size() - 1);
  }

  void grow() {
    std::vector<std::uint32_t> old(slots_.empty() ? 128 : slots_.size() * 2, program_node::none);
    slots_.swap(old);
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      std::size_t at = place(nodes_[i]);
      while (slots_[at] != program_node::none) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = i;
    }
  }

  std::vector<program_node> nodes_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace busfare::core
