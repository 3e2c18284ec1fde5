// The program starts itself again: a fresh process with empty caches, or with one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "measure.hpp"

namespace busfare::cli {

/// First call of a process whose memory and disk caches are empty. Throws busfare::error(io) where the child
/// failed.
bench::cold_times cold_in_child(const bench::operation& op, std::uint64_t size, const std::string& device);
/// Warm medians on one thread of the cpu device, by size.
std::map<std::uint64_t, double> one_thread_in_child(const bench::operation& op,
                                                    const std::vector<std::uint64_t>& sizes);

/// What those children run: hidden subcommands. They print numbers for the parent.
int run_bench_cold(const std::string& op, std::uint64_t size, const std::string& device);
int run_bench_one_thread(const std::string& op, const std::vector<std::uint64_t>& sizes);

}  // namespace busfare::cli
