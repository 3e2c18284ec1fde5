// Our side of the contests, as a user would write it: plain -O2, inputs resident, the result left where it
// is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contest.hpp"

namespace busfare::peers {

using data = std::shared_ptr<const std::vector<float>>;

/// 64 steps of the logistic map for each x: a loop that is built as the peers are, for contests of who shares
/// it out.
void logistic(const float* x, float* out, std::size_t n) noexcept;

/// n numbers in [low, high), the same on every machine.
data numbers(std::uint64_t n, std::uint64_t seed, float low, float high);

contender our_triad(const std::string& device, data b, data c, float s);
contender our_saxpy(const std::string& device, data x, data y, float s);
contender our_sum(const std::string& device, data x);
contender our_dot(const std::string& device, data x, data y);
contender our_chain(const std::string& device, data x);
contender our_mandelbrot(const std::string& device, std::uint64_t rows, std::uint64_t columns);
contender our_black_scholes(const std::string& device, data spot, data strike, data years);
/// One step of the heat equation; edges repeat.
contender our_heat(const std::string& device, data plate, std::uint64_t rows, std::uint64_t columns,
                   float rate);
contender our_nbody(const std::string& device, data x, data y, data z, data mass);
/// 64 steps of the logistic map: `logistic`, called as a hand-written kernel.
contender our_logistic(const std::string& device, data x);
/// a * 2 + b, recorded and read each time.
contender our_small_map(const std::string& device, data a, data b);

/// The same with the inputs lent by the host each time, and the result read there.
contender our_triad_end_to_end(const std::string& device, data b, data c, float s);
contender our_chain_end_to_end(const std::string& device, data x);

/// x crosses to the device, is copied there and comes back, each time.
contender our_crossing(const std::string& device, data x);

}  // namespace busfare::peers
