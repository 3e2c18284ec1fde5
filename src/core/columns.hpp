// Columns of elements, and what the scalar reading makes of them: the interpreter's arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>

#include <busfare/program.hpp>
#include <busfare/type.hpp>

namespace busfare::core {

/// Bytes of one element of a column; a mask's are one byte of 0 or 1.
constexpr std::size_t column_size(value_type t) noexcept {
  return t == value_type::mask ? 1 : size_of(static_cast<type>(t));
}

/// Elements of a column. Operations compute all of them, whatever those hold that nobody asks for: a count
/// that is known is what makes the compiler vectorise.
inline constexpr std::size_t column_lanes = 256;

/// One operation on a column: out[i] = op(in[0][i], ...). `out` is none of `in`.
using column_operation = void (*)(void* out, const void* const* in);

/// A row of the vocabulary for operands of type `from` (of a select: of its arms) that gives `to`. Throws
/// internal for what no program holds, such as the remainder of floats.
column_operation operation_on(op o, value_type from, value_type to);

/// `n` stored elements as kernels see them; stride 0 repeats the first one.
void load_column(void* out, type stored, const void* from, std::size_t stride, std::size_t n);
/// The elements table[index[i]], clamped; of an empty table zeros. `index` holds i64.
void look_up_column(void* out, type stored, const void* table, std::int64_t size, const void* index,
                    std::size_t n);
/// As they are stored. A mask is stored as u8.
void store_column(void* out, type stored, value_type t, const void* from, std::size_t n);

/// `bits` in all lanes.
void fill_column(void* out, value_type t, std::uint64_t bits);
/// out[i] = from[i] where `where` is not 0; the rest stays.
void copy_lanes(void* out, value_type t, const void* from, const std::uint8_t* where);

/// Whether any of all lanes is NaN; false for what are no floats.
bool any_nan(value_type t, const void* column);
/// Whether element `i` is NaN.
bool is_nan(value_type t, const void* column, std::size_t i);

}  // namespace busfare::core
