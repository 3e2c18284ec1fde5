// What check mode found while it computed a run's kernels a second time.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include <busfare/config.hpp>
#include <busfare/source_line.hpp>

namespace busfare {

enum class finding_kind : std::uint8_t {
  out_of_range,   ///< a whole array was read beyond its ends: the index was clamped
  beyond_radius,  ///< a window was read farther away than its radius, with a computed offset
  nan_born,       ///< an operation gave NaN of operands that held none
  limit_reached,  ///< a bf::iterate did its `max` steps, and its condition still held
  other_bits,     ///< the device stored something else than the kernel means
};

/// "out of range", "nan born", ...
BUSFARE_API const char* name_of(finding_kind k) noexcept;

/// One operation of one recorded node that did what is seldom meant. Value type; printing gives one line.
struct finding {
  finding_kind kind = finding_kind::out_of_range;
  source_line line;            ///< that recorded the node
  std::string device;          ///< that ran it
  std::string operation;       ///< of the vocabulary ("log"); "lookup", "iterate", "result", "sum"
  std::uint64_t count = 0;     ///< elements in which it happened; each counts once, also in loops
  std::uint64_t elements = 0;  ///< of the node
  std::uint64_t first = 0;     ///< the first such element, counted along the fastest axis
  std::string text;            ///< with the first one's values: "log(-1) is NaN"
};

BUSFARE_API std::ostream& operator<<(std::ostream& out, const finding& f);

}  // namespace busfare
