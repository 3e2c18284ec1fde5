// Which computed offsets a map's windows are looked through with, found in its program.
#pragma once

#include <span>
#include <vector>

#include <busfare/value/window_use.hpp>

#include "core/interpreter.hpp"

namespace busfare::core {

/// One for each axis of each lookup through a window whose offset is no number; offsets that are numbers were
/// checked when the map was recorded. `radii`: one per window.
std::vector<window_look> window_looks(const program& p, std::span<const detail::window_use> windows,
                                      std::span<const detail::window_radii> radii);

}  // namespace busfare::core
