// The vocabulary: one row per operation. Scalars, packs, symbols, the code generators, the cost counter, the
// conformance cases and the documentation are derived from these rows.
#pragma once

#include <cstdint>

// clang-format off
// BUSFARE_VOCABULARY(ROW): ROW(name, arity, takes, gives, flops, ulp, floats, ints)
//   takes  which compute types the operands may have: number (f32 .. u64), real (f32, f64), integer, mask
//   gives  same: the operands' type; mask; first: type of operand 1 (select); named: said at the call (casts)
//   flops  arithmetic operations that the cost counter charges for one element
//   ulp    bound on the error against the exact result, in units in the last place; 0 where correctly rounded or exact
//   floats, ints   spelling in OpenCL C and CUDA C. $0 $1 $2 operands, $t the operands' type as a suffix (f32, i64), $T its
//          C name, $U its unsigned C name. bf_ names are helper functions in core/dialect, emitted where used; "" = does
//          not exist. Masks are int (0 or 1). Names that differ between the two languages are hidden in the helpers.
//          "defined" = written once in value/definitions.hpp from the rows above it, and emitted as a function.
#define BUSFARE_VOCABULARY(ROW)                                                                                   \
  ROW(add,        2, number,  same,  1, 0, "($0 + $1)",            "($T)(($U)$0 + ($U)$1)")                         \
  ROW(sub,        2, number,  same,  1, 0, "($0 - $1)",            "($T)(($U)$0 - ($U)$1)")                         \
  ROW(mul,        2, number,  same,  1, 0, "($0 * $1)",            "($T)(($U)$0 * ($U)$1)")                         \
  ROW(div,        2, number,  same,  1, 0, "($0 / $1)",            "bf_div_$t($0, $1)")                             \
  ROW(mod,        2, integer, same,  1, 0, "",                     "bf_mod_$t($0, $1)")                             \
  ROW(neg,        1, number,  same,  1, 0, "(-$0)",                "($T)(($U)0 - ($U)$0)")                          \
  ROW(lt,         2, number,  mask,  1, 0, "($0 < $1)",            "($0 < $1)")                                     \
  ROW(le,         2, number,  mask,  1, 0, "($0 <= $1)",           "($0 <= $1)")                                    \
  ROW(eq,         2, number,  mask,  1, 0, "($0 == $1)",           "($0 == $1)")                                    \
  ROW(ne,         2, number,  mask,  1, 0, "($0 != $1)",           "($0 != $1)")                                    \
  ROW(land,       2, mask,    mask,  1, 0, "",                     "($0 & $1)")                                     \
  ROW(lor,        2, mask,    mask,  1, 0, "",                     "($0 | $1)")                                     \
  ROW(lnot,       1, mask,    mask,  1, 0, "",                     "($0 ^ 1)")                                      \
  ROW(band,       2, integer, same,  1, 0, "",                     "($0 & $1)")                                     \
  ROW(bor,        2, integer, same,  1, 0, "",                     "($0 | $1)")                                     \
  ROW(bxor,       2, integer, same,  1, 0, "",                     "($0 ^ $1)")                                     \
  ROW(bnot,       1, integer, same,  1, 0, "",                     "(~$0)")                                         \
  ROW(shl,        2, integer, same,  1, 0, "",                     "bf_shl_$t($0, $1)")                             \
  ROW(shr,        2, integer, same,  1, 0, "",                     "bf_shr_$t($0, $1)")                             \
  ROW(select,     3, number,  first, 1, 0, "($0 ? $1 : $2)",       "($0 ? $1 : $2)")                                \
  ROW(min,        2, number,  same,  1, 0, "bf_min_$t($0, $1)",    "($1 < $0 ? $1 : $0)")                           \
  ROW(max,        2, number,  same,  1, 0, "bf_max_$t($0, $1)",    "($0 < $1 ? $1 : $0)")                           \
  ROW(abs,        1, number,  same,  1, 0, "fabs($0)",             "bf_abs_$t($0)")                                 \
  ROW(floor,      1, real,    same,  1, 0, "floor($0)",            "")                                              \
  ROW(sqrt,       1, real,    same,  1, 0, "sqrt($0)",             "")                                              \
  ROW(fma,        3, real,    same,  2, 0, "fma($0, $1, $2)",      "")                                              \
  ROW(cast,       1, number,  named, 1, 0, "bf_cast_$t_to_",       "bf_cast_$t_to_")                                \
  ROW(bit_cast,   1, number,  named, 0, 0, "bf_bits_$t_to_",       "bf_bits_$t_to_")                                \
  ROW(exp,        1, real,    same, 16, 2, "defined",              "")                                              \
  ROW(log,        1, real,    same, 20, 2, "defined",              "")                                              \
  ROW(normal_cdf, 1, real,    same, 40, 8, "defined",              "")
// clang-format on

namespace busfare {

/// Operations of the vocabulary, and after them those that only programs have.
enum class op : std::uint8_t {
#define BUSFARE_ROW(name, ...) name,
  BUSFARE_VOCABULARY(BUSFARE_ROW)
#undef BUSFARE_ROW
      literal,  ///< bits: the value
  input,        ///< bits: which element or number argument (argument index)
  index,        ///< bits: axis of the launch, slowest first; i64
  lookup,       ///< operand 0: i64 index; bits: which whole argument (argument index)
  loop_state,   ///< bits: loop serial << 8 | which state
  loop_index,   ///< bits: loop serial << 8; i64 trip number of a fold
  loop,         ///< a whole loop; see program::loops
  loop_result,  ///< operand 0: the loop node; bits: which state
};

enum class takes : std::uint8_t { number, real, integer, mask };
enum class gives : std::uint8_t { same, mask, first, named };

struct vocabulary_row {
  const char* name;
  int arity;
  busfare::takes takes;
  busfare::gives gives;
  int flops;
  int ulp;
  const char* floats;
  const char* ints;
};

/// The table, in the order of `op`.
inline constexpr vocabulary_row vocabulary[] = {
#define BUSFARE_ROW(name, arity, t, g, flops, ulp, floats, ints) \
  {#name, arity, takes::t, gives::g, flops, ulp, floats, ints},
    BUSFARE_VOCABULARY(BUSFARE_ROW)
#undef BUSFARE_ROW
};
inline constexpr int vocabulary_size = static_cast<int>(sizeof vocabulary / sizeof vocabulary[0]);

}  // namespace busfare
