// Rows on devices: what was tried, what came out, and whether that is within what was promised.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "accuracy/accuracy.hpp"

namespace busfare::accuracy {

/// A device that is to be examined.
struct place {
  std::string device;  ///< "cpu", "opencl:0"; never "auto"
  bool simulated = false;
  bool f64 = true;
};

/// How it ended, from good to bad; `skipped` says nothing about the device's results.
enum class ending : unsigned char {
  ok,
  skipped,    ///< not tried, with the reason
  different,  ///< within the bound, but not the bits of the scalar reading, which were promised
  above_bound,
  failed,  ///< the device gave an error
};
/// "ok", "skipped", "DIFFERENT BITS", "ABOVE BOUND", "FAILED".
const char* name_of(ending e) noexcept;

/// One row on one device.
struct outcome {
  std::string op;
  busfare::type type = busfare::type::f32;
  std::string device;
  bool simulated = false;
  busfare::math math = busfare::math::exact;
  std::string reference;    ///< what judged it: "exact", "113 bits", "53 bits", ...; "none"
  int bound = 0;            ///< ULP
  bool same_bits = true;    ///< the bits of the scalar reading are promised
  bool exhaustive = false;  ///< all 2^32 values were asked for
  bool partial = false;     ///< stopped before its end
  double seconds = 0;       ///< wall time of all of it, references and all devices; exhaustive only
  bool failed = false, skipped = false;
  verdict seen;
  std::string reason;  ///< of `skipped` and `failed`

  [[nodiscard]] ending end() const noexcept;
  /// False where there was no reference; worst_ulp then means nothing.
  [[nodiscard]] bool judged() const noexcept { return reference != "none"; }
};

struct examination {
  std::vector<place> places;
  busfare::math math = busfare::math::exact;
  sampling how;
  std::function<void(const std::string&)> progress;  ///< gets a line for people, often; may be empty
  std::function<bool()> stop;  ///< asked often; true ends with what was seen; may be empty
};

/// One outcome per place, on one sample. Blocks; errors of devices become outcomes.
std::vector<outcome> examine(const row& what, const examination& e);

/// The same for all 2^32 values of one f32, in chunks of 2^22; or for the first `chunks` of them. The first
/// place's bits are compared with the scalar reading of one value in sweep_stride, those of the others with
/// the first place's. Throws
/// busfare::error(invalid_argument) for a row that does not take one f32.
inline constexpr int all_chunks = 1024;
std::vector<outcome> examine_all(const row& what, const examination& e, int chunks = all_chunks);

/// Seconds that `examine_all` would take, from 2^18 values spread over all.
double predicted_seconds(const row& what, const examination& e);

}  // namespace busfare::accuracy
