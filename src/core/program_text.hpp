// A program in words, for people: plans, receipts, errors.
#pragma once

#include <string>

#include <busfare/program.hpp>

namespace busfare::core {

/// 32 hexadecimal digits.
std::string hex(const program_id& id);

/// One line per node, loops where they stand in the canonical order, results last. Deterministic.
std::string text(const program& p);

}  // namespace busfare::core
