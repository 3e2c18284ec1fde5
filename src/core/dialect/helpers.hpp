// The functions that generated code calls: those used, in an order in which each is known before its use.
#pragma once

#include <string>
#include <string_view>

#include "core/dialect/dialect.hpp"

namespace busfare::core {

/// The definitions of all functions named bf_... in `code`, and of those that they call, sorted so that the
/// text depends on the set alone. Throws internal for a name that is not one of ours.
std::string helpers_for(std::string_view code, const dialect_spec& d);

/// True when the text mentions double precision.
bool mentions_f64(std::string_view code);

}  // namespace busfare::core
