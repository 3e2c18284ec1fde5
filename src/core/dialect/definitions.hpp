// Programs of the functions that the vocabulary defines by other rows (exp, log, normal_cdf).
#pragma once

#include <busfare/program.hpp>

namespace busfare::core {

/// The definition in value/definitions.hpp, traced at first use: one element argument of type `t` (f32, f64),
/// one result. Any thread, but not while it records a kernel. Throws internal where there is no definition.
const program& definition_of(op o, value_type t);

/// True for rows whose spelling is "defined".
bool is_defined(op o) noexcept;

}  // namespace busfare::core
