// Reads back what a window's patch (value/patch.hpp) writes for u(a, b): a flat index out of places, and each
// place out of the element's index, the offset and the border.
#include "core/window_looks.hpp"

namespace busfare::core {
namespace {

constexpr std::uint32_t none = program_node::none;

class looking {
 public:
  explicit looking(const program& p) : p_(p) {}

  /// The computed offset along `axis` in the flat index `flat`; none where it is a number or unknown.
  [[nodiscard]] std::uint32_t offset(std::uint32_t flat, int axis, int rank) const {
    for (int a = rank - 1; a > axis; --a) flat = operand(operand(flat, op::add, 0), op::mul, 0);
    const std::uint32_t place = axis == 0 ? flat : operand(flat, op::add, 1);
    std::uint32_t moved = place;
    if (is(moved, op::min)) moved = operand(operand(moved, op::min, 0), op::max, 0);
    // The images of wrap and reflect: which one is told by comparing the place before them.
    if (is(moved, op::select)) {
      const std::uint32_t beyond = p_.nodes[moved].operand[0];
      moved = is(beyond, op::le) ? operand(beyond, op::le, 1) : operand(beyond, op::lt, 0);
    }
    const std::uint32_t from = operand(moved, op::add, 0), by = operand(moved, op::add, 1);
    const bool walks = is(from, op::index) && p_.nodes[from].bits == static_cast<std::uint64_t>(axis) &&
                       !is(by, op::literal);
    return walks ? by : none;
  }

  /// Of a constant border the select that chooses between the lookup and the constant, the next argument.
  [[nodiscard]] std::uint32_t seen(std::uint32_t lookup) const {
    for (std::uint32_t i = lookup + 1; i < p_.nodes.size(); ++i) {
      const program_node& n = p_.nodes[i];
      if (n.op == op::select && n.operand[1] == lookup && is(n.operand[2], op::input) &&
          p_.nodes[n.operand[2]].bits == p_.nodes[lookup].bits + 1)
        return i;
    }
    return lookup;
  }

 private:
  [[nodiscard]] bool is(std::uint32_t node, op o) const { return node != none && p_.nodes[node].op == o; }
  [[nodiscard]] std::uint32_t operand(std::uint32_t node, op o, int k) const {
    return is(node, o) ? p_.nodes[node].operand[k] : none;
  }

  const program& p_;
};

}  // namespace

std::vector<window_look> window_looks(const program& p, std::span<const detail::window_use> windows,
                                      std::span<const detail::window_radii> radii) {
  std::vector<window_look> found;
  if (windows.empty()) return found;
  const looking in(p);
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    if (p.nodes[i].op != op::lookup) continue;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      if (p.nodes[i].bits != static_cast<std::uint64_t>(windows[w].argument)) continue;
      for (int axis = 0; axis < windows[w].rank; ++axis) {
        const std::uint32_t by = in.offset(p.nodes[i].operand[0], axis, windows[w].rank);
        if (by != none) found.push_back({in.seen(i), by, radii[w].along[axis], axis});
      }
    }
  }
  return found;
}

}  // namespace busfare::core
