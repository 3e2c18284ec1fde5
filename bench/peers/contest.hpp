// A contest: one operation on the same data by us, by others, and by the hand-written loop that is its limit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace busfare::peers {

/// One way to do the work. `run` does it once and returns when it is done; `result` gives what the last run
/// computed, samples of it, or nothing where it computes something else (a copy as limit). `clock` gives the
/// seconds that all runs so far took, by a clock of its own.
struct contender {
  std::string name;
  std::function<void()> run;
  std::function<std::vector<double>()> result;
  std::function<double()> clock = {};  ///< empty: the wall clock
  bool loses_digits = false;  ///< known for it at large sizes: told in its row, no failure of the run
};

struct contest {
  std::string type;
  std::uint64_t size = 0;
  contender ours;
  std::vector<contender> peers;
  contender limit;          ///< no name: none is known
  double tolerance = 1e-5;  ///< of |peer - ours| / max(|ours|, least) for every sample
  double least = 1;
  double strays = 0;  ///< part of the samples that may lie outside the tolerance
  int repeat = 1;     ///< runs in one timed sample
  double flops = 0;   ///< of one run, as its literature counts them; 0: not counted
};

/// A contest before its data and buffers exist: they are made for its turn and freed after it.
struct planned_contest {
  std::string op, device;
  std::function<contest()> prepare;
};

/// Seconds are medians of one run. A ratio is the peer's time / ours, paired round by round; low and high are
/// its 10 % and 90 % quantiles. limit_fraction: the limit's time / ours, 0 where none is known.
struct row {
  std::string op, type;
  std::uint64_t size = 0;
  std::string device, peer;
  double peer_s = 0, ours_s = 0, ratio = 0, ratio_low = 0, ratio_high = 0, limit_fraction = 0;
  double disturbed = 0;  ///< cores that others used meanwhile, on average; -1: unknown
  bool agrees = false;   ///< the peer's results are ours within the tolerance, or it has none
  bool excused = false;  ///< a peer that loses digits
  double flops = 0;      ///< of one run; 0: not counted
};

/// Prepares, two warm-ups, then `rounds` rounds in which every contender runs once, in an order that rotates.
/// One row per peer, and one named "limit". Throws what a contender throws.
std::vector<row> measure(const planned_contest& planned, int rounds);

/// At most 4096 values, evenly spaced.
std::vector<double> sampled(const float* values, std::uint64_t n);

}  // namespace busfare::peers
