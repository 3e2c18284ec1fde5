// What is judged: each row of the vocabulary for each type, on samples of operands, against exact results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <busfare/options.hpp>
#include <busfare/program.hpp>
#include <busfare/type.hpp>

namespace busfare::accuracy {

/// One result, for people. `inputs` and the two values are printed so that they read back exactly.
struct finding {
  std::vector<std::string> inputs;          ///< hexadecimal floats ("0x1.8p+1", "nan"), decimal integers
  std::vector<std::string> inputs_decimal;  ///< the same values
  std::string got, wanted;
  explicit operator bool() const noexcept { return !inputs.empty(); }
};

/// What a sample showed. Verdicts of several samples add up.
struct verdict {
  std::uint64_t tried = 0;
  double worst_ulp = 0;     ///< infinity: a NaN, an infinity or the sign of a zero where it does not belong
  finding worst;            ///< where that was; empty while every result was the exact one
  std::uint64_t above = 0;  ///< results farther from the exact one than the bound
  std::uint64_t compared = 0;   ///< results whose bits were compared
  std::uint64_t different = 0;  ///< of these, results with other bits
  finding first_difference;

  void add(const verdict& other);
};

/// Operands of one row, the scalar reading's results and the exact ones. Made once, used for every device.
/// Many threads may use one.
class sample {
 public:
  virtual ~sample() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  /// The results of a device, one after the other; all NaNs have the same bits. Blocks. Throws
  /// busfare::error.
  [[nodiscard]] virtual std::vector<std::byte> run(const options& how) const = 0;
  /// Judges results as `run` gives them; `bound` in ULP. Their bits are compared with `like`, another
  /// device's results; where that is empty with the scalar reading. `zero_signs` false: either zero will do.
  /// Throws invalid_argument for another number of bytes.
  [[nodiscard]] virtual verdict judge(std::span<const std::byte> results, double bound,
                                      std::span<const std::byte> like = {}, bool zero_signs = true) const = 0;
};

/// Which operands a sample has.
struct sampling {
  std::uint64_t seed = 0;
  /// Random operands, beside the hard values of each operand crossed with those of the others.
  std::size_t random = 3000;
  /// Of each of some kinds of values that are hard for functions: near multiples of pi/4, near 1, near the
  /// ends of exp, huge, small.
  std::size_t each_kind = 0;
  int threads = 1;  ///< that compute the exact results, and judge
};

/// How much the exact results can be trusted.
enum class reference : unsigned char {
  exact,        ///< integers, comparisons, correctly rounded results
  quad,         ///< 113 bits
  long_double,  ///< 64 bits: to about 0.002 ULP of f64
  none,         ///< this build has nothing that is wide enough
};
/// "exact", "113 bits", "64 bits", "none".
const char* name_of(reference r) noexcept;

inline constexpr std::size_t sweep_stride = 16;

/// One operation for one type.
struct row {
  busfare::op op;
  busfare::type type;
  reference judged_by;
  std::unique_ptr<sample> (*draw)(const sampling&);
  /// The f32 values with the bits first, first + 1, ... against the C library's double, whose error is about
  /// 1e-8 ULP of f32. The scalar reading, which takes longer than all else, reads one value in
  /// `sweep_stride`, others in the next chunk. Null where the row does not take one f32.
  std::unique_ptr<sample> (*sweep)(std::uint32_t first, std::size_t count, int threads);

  [[nodiscard]] const vocabulary_row& facts() const noexcept { return vocabulary[static_cast<int>(op)]; }
};

/// All rows of this build, in the vocabulary's order. Casts are not among them: they have a type of result as
/// well. Sanitized builds leave out the mathematical functions after normal_cdf.
const std::vector<row>& rows();

}  // namespace busfare::accuracy
