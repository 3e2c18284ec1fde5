// What a placement costs: one walk for candidates, predictions and quotes.
#pragma once

#include <span>
#include <vector>

#include <busfare/plan.hpp>

#include "core/kernel_form.hpp"

namespace busfare::core {

/// One group where it is placed.
struct step_price {
  double kernel = 0;  ///< seconds, all launches of it
  const char* basis = "";
  build_kind build = build_kind::none;  ///< the dearest of its kernels
};

struct placement_price {
  fare total;
  std::vector<step_price> steps;  ///< one per group
  std::uint64_t left_bytes = 0;   ///< of wanted results that stay on devices
  fare later;                     ///< of bringing those to the host in a run of its own
};

/// Launches that a group takes: one, or one for each level of a reduction's tree.
int launches_of(const group& g);

/// Prices the groups on the slots `device` (indices, one per group; all open). With `to_host` the wanted
/// results cross to the host. `crossings`, where not null, gets every crossing and every one that data
/// already there save. Contents that move once are counted once.
placement_price price_of(const cone& c, std::span<const group> groups, std::span<const kernel_form> forms,
                         std::span<const int> device, bool to_host, std::vector<transfer>* crossings);

}  // namespace busfare::core
