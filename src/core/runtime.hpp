// What recording asks of the running half of core.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <busfare/detail/record.hpp>

namespace busfare::core {

enum class forced : unsigned char { eager, depth, count, bytes };

/// BUSFARE_EAGER=1: every node runs as it is recorded.
bool eager();
/// Runs because laziness reached a bound. Throws what the run throws.
void run_forced(std::span<const detail::array_handle> wanted, forced why, source_line line);
/// Throws unavailable where the options name a device that is not here. Cheap for "auto" and for names seen
/// before.
void check_device(const options& how, source_line line);

/// What the caches on disk, the profiles and this thread's traces have to say to a person and that no receipt
/// has told yet. `told`: a receipt tells it now; a quote may be thrown away, so it does not. The run lock is
/// held.
std::vector<std::string> gather_notes(bool told);

}  // namespace busfare::core
