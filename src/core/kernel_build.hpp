// What a device has to build for a group, and building it.
#pragma once

#include <vector>

#include "core/dialect/emit.hpp"
#include "core/kernel_form.hpp"

namespace busfare::core {

/// A request with everything that it points into but the programs' own code. Stays where it is.
class ordered_build {
  std::vector<backend::step> steps_;
  generated text_;

 public:
  /// `c` and `g` are read here and not kept; null for the further levels of a tree.
  ordered_build(const device_slot& on, const cone* c, const group* g, kernel_form what);
  ordered_build(const ordered_build&) = delete;
  ordered_build& operator=(const ordered_build&) = delete;

  const kernel_form form;
  const backend::build_request request;
};

/// Builds, or finds what was built. `seconds` grows by what building took; `cached` tells whether a cache had
/// it. Waits for a build behind the scenes on the same device. The run lock is held.
backend::executable& build(device_slot& on, const cone* c, const group* g, const kernel_form& form,
                           double& seconds, bool& cached);
/// What `build` would have to do. Asks a device once per form until `forget`; may read the disk. `full`,
/// unasked, while the device builds something behind the scenes. The run lock is held.
build_kind build_needed(device_slot& on, const cone* c, const group* g, const kernel_form& form);

}  // namespace busfare::core
