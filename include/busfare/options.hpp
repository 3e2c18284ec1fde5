// What a user may say about one node.
#pragma once

#include <string>
#include <utility>

namespace busfare {

enum class math : unsigned char {
  exact,  ///< same bits on every device
};
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
