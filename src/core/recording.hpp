// The last step of recording, which all algorithms share.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "core/graph.hpp"

namespace busfare::core {

/// A node that is not recorded yet; takes the arguments.
std::shared_ptr<node> map_node(const detail::map_kernel& kernel, const options& how, source_line line,
                               const extents& shape, std::span<detail::map_argument> arguments);
/// Gives a recorded node its outputs, of extents `shape`, and runs what waits where laziness has reached a
/// bound. Throws what such a run throws.
void finish_recording(std::shared_ptr<node> n, std::span<detail::array_handle> results, const extents& shape);

/// "3 x 4", "one value".
std::string extents_text(const extents& e);

}  // namespace busfare::core
