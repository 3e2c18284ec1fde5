// Which texts may be relaxed.
#include "core/dialect/spelling.hpp"

#include <algorithm>

#include "core/dialect/definitions.hpp"

namespace busfare::core {

bool computes_floats(const program& p) noexcept {
  return std::any_of(p.nodes.begin(), p.nodes.end(), [&](const program_node& n) {
    return n.op < op::literal && (n.type == value_type::f32 || n.type == value_type::f64);
  });
}

bool may_relax(spelling how, std::initializer_list<const program*> programs) {
  if (how == spelling::exact) return false;
  bool floats = false;
  for (const program* p : programs) {
    if (p == nullptr) continue;
    floats = floats || computes_floats(*p);
    for (const program_node& n : p->nodes) {
      if (!is_defined(n.op)) continue;
      if (how != spelling::native || vocabulary[static_cast<int>(n.op)].fast[0] == 0) return false;
    }
  }
  return floats;
}

dialect_spec spelled_dialect(std::string_view dialect, spelling how, bool relaxed) {
  dialect_spec d = dialect_named(dialect);
  d.natives = how == spelling::native;
  if (relaxed) d.head = d.fast_head;
  return d;
}

}  // namespace busfare::core
