// How many threads a pool gets.
#pragma once

#include <cstddef>

namespace busfare::pool {

/// BUSFARE_THREADS where it is set (1 to 1024, digits only; throws invalid_argument naming
/// variable and value), else `cpus` limited to 1..1024, else what the standard library believes.
unsigned default_thread_count(std::size_t cpus);

}  // namespace busfare::pool
