// What a hand-written kernel means for its group's form, costs and build.
#pragma once

#include <cstdint>

#include "core/fusion.hpp"
#include "core/kernel_form.hpp"

namespace busfare::core {

/// Makes `f` the form of a group that is one call of a hand-written kernel.
void add_native(kernel_form& f, const node& n, const options& how);
/// Operations of one element.
work_count work_of_call(const native_cost& per_element);
/// Calls whose elements cost the same within about 40 %: their times and their placement have to do with each
/// other.
std::uint64_t cost_class(const native_cost& per_element);
/// Text, entry and division of a device that compiles text.
void request_native(backend::build_request& request, const kernel_form& f, const device_slot& on);
/// Why it may not run on this device; empty: it may.
std::string refusal_of_native(const device_slot& on, const detail::native_form& form);

}  // namespace busfare::core
