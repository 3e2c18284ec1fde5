// The program starts itself again: a fresh process with empty caches, or with one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "measure.hpp"

namespace busfare::cli {

/// Starts fresh processes for first calls. They find a calibration, made once per device in a folder of its
/// own (it is no part of a first call), and no kernel in any cache. The folders go with this object.
class cold_starter {
 public:
  cold_starter();
  ~cold_starter();
  cold_starter(const cold_starter&) = delete;
  cold_starter& operator=(const cold_starter&) = delete;
  /// Throws busfare::error(io) where the child failed.
  bench::cold_times operator()(const bench::operation& op, std::uint64_t size, const std::string& device,
                               math m);

 private:
  struct insides;
  std::unique_ptr<insides> insides_;
};

/// Warm medians on one thread of the cpu device, by size.
std::map<std::uint64_t, double> one_thread_in_child(const bench::operation& op,
                                                    const std::vector<std::uint64_t>& sizes, math m);

/// What those children run: hidden subcommands. They print numbers for the parent.
int run_bench_cold(const std::string& op, std::uint64_t size, const std::string& device, math m);
int run_bench_one_thread(const std::string& op, const std::vector<std::uint64_t>& sizes, math m);

}  // namespace busfare::cli
