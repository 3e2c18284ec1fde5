// One function per operation family: it appends its operations to the list.
#pragma once

#include <vector>

#include "operation.hpp"

namespace busfare::bench {

void add_triad(std::vector<operation>& list);
void add_saxpy(std::vector<operation>& list);
void add_sum(std::vector<operation>& list);
void add_dot(std::vector<operation>& list);
void add_chain5(std::vector<operation>& list);
void add_mandelbrot(std::vector<operation>& list);
void add_black_scholes(std::vector<operation>& list);
void add_monte_carlo_pi(std::vector<operation>& list);
void add_nbody(std::vector<operation>& list);
void add_paused(std::vector<operation>& list);

// Sizes of operations that stream through memory, in elements.
inline const std::vector<std::uint64_t> streaming_quick = {1u << 12, 1u << 16, 1u << 20, 1u << 23};
inline const std::vector<std::uint64_t> streaming_full = {1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18,
                                                          1u << 20, 1u << 22, 1u << 24, 1u << 26};
/// The largest size of a streaming operation: 2^40 elements.
inline constexpr std::uint64_t streaming_max = std::uint64_t{1} << 40;

}  // namespace busfare::bench
