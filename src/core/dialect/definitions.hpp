// Programs of the functions that the vocabulary defines by other rows (exp, sin, pow and so on).
#pragma once

#include <busfare/program.hpp>

namespace busfare::core {

/// The definition in value/definitions.hpp or value/definitions, traced at first use: one element argument of
/// type `t` (f32, f64) per operand of the row, one result. Any thread, but not while it records a kernel.
/// Throws internal where there is no definition.
const program& definition_of(op o, value_type t);

/// What a store of f32 into f16 and a load make of a value: one f32 element argument, one f32 result. Any
/// thread, as above.
const program& half_rounding();

/// True for rows whose spelling is "defined".
bool is_defined(op o) noexcept;

}  // namespace busfare::core
