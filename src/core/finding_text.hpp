// What check mode saw, in words.
#pragma once

#include <cstdint>
#include <string>

#include <busfare/program.hpp>

#include "core/interpreter.hpp"

namespace busfare::core {

/// The value of `bits`, exactly: "1.5", "nan", "-7", "true".
std::string value_text(value_type t, std::uint64_t bits);
/// "log", "lookup", "iterate".
std::string operation_text(const program& p, const sighting& s);
/// What happened, with the values of the element: "log(-1) is NaN".
std::string sighting_text(const program& p, const launch_contents& from, const sighting& s);

}  // namespace busfare::core
