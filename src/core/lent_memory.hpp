// Host memory that callers lent to arrays, so that no result is copied over it.
#pragma once

#include <cstddef>
#include <string>

#include <busfare/source_line.hpp>

namespace busfare::core {

/// `by` names the loan until `take_back`. Loans may overlap: they only read. Any thread.
void lend(const void* by, const void* from, std::size_t bytes, source_line line);
/// Wakes who waits for it. A loan that is not there is none. Any thread.
void take_back(const void* by) noexcept;

/// Returns when no loan holds any of the `bytes` from `to` on: waits for loans that other threads made, at
/// most `longest_wait`, then throws timeout; throws invalid_argument for one that this thread made. Both name
/// `cause` and the line of the loan. The run lock is not held.
void await_taken_back(const void* to, std::size_t bytes, const std::string& cause);

}  // namespace busfare::core
