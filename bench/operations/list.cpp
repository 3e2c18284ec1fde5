// The list of all operations, and how a name finds some of them.
#include "families.hpp"

namespace busfare::bench {

const std::vector<operation>& operations() {
  static const std::vector<operation> all = [] {
    std::vector<operation> list;
    add_triad(list);
    add_saxpy(list);
    add_sum(list);
    add_dot(list);
    add_chain5(list);
    add_mandelbrot(list);
    add_black_scholes(list);
    add_monte_carlo_pi(list);
    add_nbody(list);
    add_paused(list);
    return list;
  }();
  return all;
}

std::vector<const operation*> find_operations(const std::string& name) {
  std::vector<const operation*> found;
  for (const operation& each : operations()) {
    if (name == each.name || name == each.name + ":" + name_of(each.type)) found.push_back(&each);
  }
  return found;
}

}  // namespace busfare::bench
