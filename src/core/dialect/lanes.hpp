// How the values of a program differ between neighbouring elements, for text that computes several at once.
#pragma once

#include <cstdint>
#include <vector>

#include <busfare/program.hpp>

namespace busfare::core {

enum class spread : std::uint8_t {
  uniform,      ///< the same for all lanes: written as a scalar
  consecutive,  ///< an i64 that grows by one from lane to lane: written as a scalar, that of the first lane
  varying,      ///< written as a vector
};

/// What holds in the interior of a row for all lanes of `moving`, which is consecutive: less than `fixed`,
/// and so on; or a place of the table that is argument `fixed`.
struct lane_check {
  enum class relation : std::uint8_t { less, at_most, greater, at_least, unequal, within };
  std::uint32_t moving, fixed;
  relation holds;
};

struct lane_plan {
  static constexpr std::int8_t unknown = -1;

  std::vector<spread> of;  ///< by node
  /// By node: the truth of a mask that the checks decide. Of a minimum, maximum, select or junction whose
  /// choice they decide: the operand that it is.
  std::vector<std::int8_t> truth, chosen;
  std::vector<std::vector<spread>> states;  ///< by serial - 1, by state
  std::vector<char> masked;                 ///< by serial: lanes of that loop end at different trips
  std::vector<lane_check> checks;           ///< the plan holds for lanes that pass all
  std::vector<char> within;  ///< by node: a lookup, and the checks say that its table has those places
  std::vector<char> before;  ///< by node: the checks need it
  std::vector<char> leads;   ///< by node: a lookup within, of memory that none before it reads close by
};

/// The axis along which neighbouring elements lie: the last one that the program asks for; -1 where it asks
/// for none.
int moving_axis(const program& p) noexcept;

/// Lanes are neighbours along `axis`, all other indices are equal. Comparisons of a place with an edge of the
/// array are taken to come out as they do in its interior, and checked, since windows then read whole
/// vectors.
lane_plan plan_lanes(const program& p, int axis);

}  // namespace busfare::core
