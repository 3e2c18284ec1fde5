// Which text of a hand-written kernel a device takes.
#pragma once

#include <array>
#include <string_view>

#include <busfare/native_kernel.hpp>

namespace busfare::core {

/// All of them.
std::array<std::string_view, 2> native_texts(const native_source& source);
/// Empty where the kernel has none for the dialect.
std::string_view native_text(const native_source& source, std::string_view dialect);
/// What a person calls that text: "OpenCL C".
std::string_view native_language(std::string_view dialect);

}  // namespace busfare::core
