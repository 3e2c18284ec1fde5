// How figures are told to people.
#pragma once

#include <string>

namespace busfare::core {

/// "12.3 us", "4.56 ms", "7.89 s"; "-" where there is none (below 0).
std::string time_text(double seconds);

}  // namespace busfare::core
