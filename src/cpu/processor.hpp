// Facts about this machine's processor, and the choice of the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <busfare/cpu_code.hpp>

namespace busfare::cpu {

struct processor {
  std::string model;                 ///< "AMD EPYC 7763", at most 128 printable characters
  std::uint64_t memory = 0;          ///< bytes of physical memory
  std::size_t last_level_cache = 0;  ///< bytes; at most 64 MiB, 32 MiB where unknown
};

/// Read from the system at the first call; never throws for what the system does not tell.
const processor& this_processor();

/// True where this processor (and its operating system) runs code compiled for `i`.
bool supports(isa i) noexcept;

/// The widest supported set, or the one that BUSFARE_ISA names. Throws invalid_argument, naming the choices,
/// where that is no set or one that this processor lacks.
isa choose_isa();

}  // namespace busfare::cpu
