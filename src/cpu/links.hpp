// Chains that run in registers: what calls the first step, and what stores after the last.
#pragma once

#include <cstddef>
#include <cstdint>

#include <busfare/cpu_code.hpp>

namespace busfare::cpu {

/// Elements that are handed on at a time; 0: chains of this set do not run in registers, or not with a
/// library that this compiler built. What follows is for sets where it is not 0.
std::uint64_t link_elements(isa set) noexcept;

/// The last of a chain's links, which writes to `out`. `streamed`: past the caches, a fence follows by the
/// caller; the elements' addresses are multiples of 64 bytes then.
cpu_link storing_link(isa set, std::byte* out, bool streamed) noexcept;

/// Hands elements [from, to) of `source` to the chain that begins at `chain`. Their number is a multiple of
/// link_elements(set).
void run_links(isa set, const cpu_link* chain, const std::byte* source, std::uint64_t from,
               std::uint64_t to) noexcept;

}  // namespace busfare::cpu
