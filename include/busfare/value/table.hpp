// The vocabulary: one row per operation. Scalars, packs, symbols, the code generators, the cost counter, the
// conformance cases and the documentation are derived from these rows.
#pragma once

#include <cstdint>

// clang-format off
// BUSFARE_VOCABULARY(ROW): ROW(name, arity, takes, gives, flops, ulp, floats, ints, fast, fast_ulp)
//   takes  which compute types the operands may have: number (f32 .. u64), real (f32, f64), integer, mask
//   gives  same: the operands' type; mask; first: type of operand 1 (select); named: said at the call (casts)
//   flops  arithmetic operations that the cost counter charges for one element
//   ulp    bound on the error against the exact result, in units in the last place; 0 where correctly rounded or exact
//   floats, ints   spelling in OpenCL C and CUDA C. $0 $1 $2 operands, $t the operands' type as a suffix (f32, i64), $T its
//          C name, $U its unsigned C name. bf_ names are helper functions in core/dialect, emitted where used; "" = does
//          not exist. Masks are int (0 or 1). Names that differ between the two languages are hidden in the helpers.
//          "defined" = written once in value/definitions.hpp or a file of value/definitions from exact rows, and emitted as
//          a function.
//   fast   spelling of floats under math::fast, in the same marks; "" = as without, which for a defined row is its definition
//   fast_ulp   bound that then holds on every device, f32 and f64: the largest of what the OpenCL full profile and CUDA
//          promise; with no spelling that of the definition, 3 where it is a division or square root of the hardware
#define BUSFARE_VOCABULARY(ROW)                                                                                                       \
  ROW(add,        2, number,  same,  1, 0, "($0 + $1)",            "($T)(($U)$0 + ($U)$1)",  "", 0)                                   \
  ROW(sub,        2, number,  same,  1, 0, "($0 - $1)",            "($T)(($U)$0 - ($U)$1)",  "", 0)                                   \
  ROW(mul,        2, number,  same,  1, 0, "($0 * $1)",            "($T)(($U)$0 * ($U)$1)",  "", 0)                                   \
  ROW(div,        2, number,  same,  1, 0, "($0 / $1)",            "bf_div_$t($0, $1)",      "", 3)                                   \
  ROW(mod,        2, integer, same,  1, 0, "",                     "bf_mod_$t($0, $1)",      "", 0)                                   \
  ROW(neg,        1, number,  same,  1, 0, "(-$0)",                "($T)(($U)0 - ($U)$0)",   "", 0)                                   \
  ROW(lt,         2, number,  mask,  1, 0, "($0 < $1)",            "($0 < $1)",              "", 0)                                   \
  ROW(le,         2, number,  mask,  1, 0, "($0 <= $1)",           "($0 <= $1)",             "", 0)                                   \
  ROW(eq,         2, number,  mask,  1, 0, "($0 == $1)",           "($0 == $1)",             "", 0)                                   \
  ROW(ne,         2, number,  mask,  1, 0, "($0 != $1)",           "($0 != $1)",             "", 0)                                   \
  ROW(land,       2, mask,    mask,  1, 0, "",                     "($0 & $1)",              "", 0)                                   \
  ROW(lor,        2, mask,    mask,  1, 0, "",                     "($0 | $1)",              "", 0)                                   \
  ROW(lnot,       1, mask,    mask,  1, 0, "",                     "($0 ^ 1)",               "", 0)                                   \
  ROW(band,       2, integer, same,  1, 0, "",                     "($0 & $1)",              "", 0)                                   \
  ROW(bor,        2, integer, same,  1, 0, "",                     "($0 | $1)",              "", 0)                                   \
  ROW(bxor,       2, integer, same,  1, 0, "",                     "($0 ^ $1)",              "", 0)                                   \
  ROW(bnot,       1, integer, same,  1, 0, "",                     "(~$0)",                  "", 0)                                   \
  ROW(shl,        2, integer, same,  1, 0, "",                     "bf_shl_$t($0, $1)",      "", 0)                                   \
  ROW(shr,        2, integer, same,  1, 0, "",                     "bf_shr_$t($0, $1)",      "", 0)                                   \
  ROW(select,     3, number,  first, 1, 0, "($0 ? $1 : $2)",       "($0 ? $1 : $2)",         "", 0)                                   \
  ROW(min,        2, number,  same,  1, 0, "bf_min_$t($0, $1)",    "($1 < $0 ? $1 : $0)",    "", 0)                                   \
  ROW(max,        2, number,  same,  1, 0, "bf_max_$t($0, $1)",    "($0 < $1 ? $1 : $0)",    "", 0)                                   \
  ROW(abs,        1, number,  same,  1, 0, "fabs($0)",             "bf_abs_$t($0)",          "", 0)                                   \
  ROW(floor,      1, real,    same,  1, 0, "floor($0)",            "",                       "", 0)                                   \
  ROW(sqrt,       1, real,    same,  1, 0, "sqrt($0)",             "",                       "", 3)                                   \
  ROW(fma,        3, real,    same,  2, 0, "fma($0, $1, $2)",      "",                       "", 0)                                   \
  ROW(cast,       1, number,  named, 1, 0, "bf_cast_$t_to_",       "bf_cast_$t_to_",         "", 0)                                   \
  ROW(bit_cast,   1, number,  named, 0, 0, "bf_bits_$t_to_",       "bf_bits_$t_to_",         "", 0)                                   \
  ROW(exp,        1, real,    same, 16, 2, "defined",              "",                       "exp($0)", 3)                            \
  ROW(log,        1, real,    same, 20, 2, "defined",              "",                       "log($0)", 3)                            \
  ROW(normal_cdf, 1, real,    same, 40, 8, "defined",              "",                       "bf_fast_normal_cdf_$t($0)", 20)          \
  ROW(exp2,       1, real,    same, 18, 2, "defined",              "",                       "exp2($0)", 3)                            \
  ROW(expm1,      1, real,    same, 22, 2, "defined",              "",                       "expm1($0)", 3)                           \
  ROW(log2,       1, real,    same, 32, 1, "defined",              "",                       "log2($0)", 3)                            \
  ROW(log10,      1, real,    same, 34, 1, "defined",              "",                       "log10($0)", 3)                           \
  ROW(log1p,      1, real,    same, 32, 1, "defined",              "",                       "log1p($0)", 2)                           \
  ROW(sin,        1, real,    same, 44, 1, "defined",              "",                       "sin($0)", 4)                             \
  ROW(cos,        1, real,    same, 44, 1, "defined",              "",                       "cos($0)", 4)                             \
  ROW(tan,        1, real,    same, 52, 3, "defined",              "",                       "tan($0)", 5)                             \
  ROW(asin,       1, real,    same, 24, 3, "defined",              "",                       "asin($0)", 4)                            \
  ROW(acos,       1, real,    same, 26, 2, "defined",              "",                       "acos($0)", 4)                            \
  ROW(atan,       1, real,    same, 32, 2, "defined",              "",                       "atan($0)", 5)                            \
  ROW(atan2,      2, real,    same, 38, 2, "defined",              "",                       "atan2($0, $1)", 6)                       \
  ROW(sinh,       1, real,    same, 36, 2, "defined",              "",                       "sinh($0)", 4)                            \
  ROW(cosh,       1, real,    same, 26, 2, "defined",              "",                       "cosh($0)", 4)                            \
  ROW(tanh,       1, real,    same, 30, 3, "defined",              "",                       "tanh($0)", 5)                            \
  ROW(cbrt,       1, real,    same, 36, 1, "defined",              "",                       "cbrt($0)", 2)                            \
  ROW(hypot,      2, real,    same, 16, 2, "defined",              "",                       "hypot($0, $1)", 4)                       \
  ROW(pow,        2, real,    same, 90, 2, "defined",              "",                       "pow($0, $1)", 16)                        \
  ROW(erf,        1, real,    same, 56, 2, "defined",              "",                       "erf($0)", 16)                            \
  ROW(erfc,       1, real,    same, 58, 6, "defined",              "",                       "erfc($0)", 16)
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
  extent,       ///< bits: axis of the launch, slowest first; its length, i64
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
  const char* fast;
  int fast_ulp;
};

/// The table, in the order of `op`.
inline constexpr vocabulary_row vocabulary[] = {
#define BUSFARE_ROW(name, arity, t, g, flops, ulp, floats, ints, fast, fast_ulp) \
  {#name, arity, takes::t, gives::g, flops, ulp, floats, ints, fast, fast_ulp},
    BUSFARE_VOCABULARY(BUSFARE_ROW)
#undef BUSFARE_ROW
};
inline constexpr int vocabulary_size = static_cast<int>(sizeof vocabulary / sizeof vocabulary[0]);

}  // namespace busfare
