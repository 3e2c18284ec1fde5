// The flags that every subcommand shares, and what they mean for the terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <busfare/options.hpp>

namespace busfare::cli {

struct common_flags {
  std::vector<std::string> devices;  ///< as given; "auto" or empty: the subcommand decides
  std::string json, csv, trace;      ///< file names; empty: not wanted
  bool quiet = false, no_color = false;
};

/// "1000", "2^20". Throws failure(exit_usage) for anything else, for 0 and for more than 2^62.
std::uint64_t parse_size(const std::string& text);
/// "exact", "fast". Throws failure(exit_usage) for anything else.
math parse_math(const std::string& text);
/// Every name is "auto" or a device that is here; throws failure(exit_no_device) with what there is. Without
/// duplicates.
std::vector<std::string> checked_devices(const std::vector<std::string>& names);
/// The one device of a subcommand that takes one; "auto" where none was given. Throws failure(exit_usage) for
/// several.
std::string one_device(const common_flags& flags);

/// Colours on stdout: it is a terminal, and neither NO_COLOR nor --no-color is set.
bool use_color(const common_flags& flags);
/// A line on stderr that the next one overwrites; nothing where stderr is no terminal, or with --quiet.
void show_progress(const common_flags& flags, const std::string& what);

}  // namespace busfare::cli
