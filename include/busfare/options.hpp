// What a user may say about one node.
#pragma once

#include <string>
#include <utility>

namespace busfare {

/// What floats mean in a node. Integers, casts, comparisons and what NaN, infinities and denormals do are the
/// same in both.
enum class math : unsigned char {
  exact,  ///< same bits on every device
  /// Devices that compile text may use their compiler's own functions, contract a * b + c, and round
  /// division and square root less than correctly, within the bounds of docs/vocabulary.md (fast ULP) for
  /// each operation. Bits may then differ between devices, which the plan notes; implies bits::device. The
  /// cpu and simulated devices give the bits of `exact`.
  fast,
};
/// "exact", "fast".
constexpr const char* name_of(math m) noexcept { return m == math::fast ? "fast" : "exact"; }

enum class bits : unsigned char {
  everywhere,  ///< a program is not placed where its bits would differ
  device,      ///< allowed; the receipt says so
};

/// Options of a node; an optional first argument of every algorithm.
struct options {
  std::string device =
      "auto";  ///< "auto", "cpu", "opencl:0", "sim:h200-pcie5"; a named device never falls back
  busfare::math math = busfare::math::exact;
  busfare::bits bits = busfare::bits::everywhere;

  friend bool operator==(const options&, const options&) = default;
};

/// bf::map(bf::on("cpu"), f, x).
inline options on(std::string device) {
  options o;
  o.device = std::move(device);
  return o;
}

}  // namespace busfare
