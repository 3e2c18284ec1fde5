// The seed of a random test in this process.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

namespace busfare_test {

/// Drawn, or what BUSFARE_SEED says; printed, so that a failure can be repeated.
inline std::uint32_t printed_seed() {
  const char* const given = std::getenv("BUSFARE_SEED");
  const auto seed = given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                                     : std::random_device{}();
  std::cout << "seed " << seed << " (BUSFARE_SEED repeats it)"
            << std::endl;  // also of a process that will crash
  return seed;
}

}  // namespace busfare_test
