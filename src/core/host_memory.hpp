// Host memory for arrays: aligned, huge-page-advised, and recycled so that repeated runs do not page-fault.
#pragma once

#include <cstddef>

namespace busfare::core {

/// Memory of at least `bytes` bytes (0 is legal), aligned to 64 bytes; from 2 MiB up aligned to 2 MiB and
/// advised to be in huge pages. Content is unspecified. Throws out_of_memory with the byte count. Any thread.
[[nodiscard]] void* host_alloc(std::size_t bytes);

/// Gives back what host_alloc gave; null is legal. Freed blocks are kept for later calls, up to
/// `host_memory_cache_limit()` bytes in all. Any thread.
void host_free(void* memory) noexcept;

/// Gives all kept blocks back to the system. Any thread.
void host_memory_trim() noexcept;

/// Bytes: a sixteenth of the machine's memory, but 256 MiB to 4 GiB. Fresh memory costs as much as a kernel
/// that streams through it, so results that come again and again are to find theirs. Any thread.
[[nodiscard]] std::size_t host_memory_cache_limit() noexcept;

/// Bytes of free blocks kept now.
[[nodiscard]] std::size_t host_memory_cached() noexcept;

/// The size that a request of `bytes` is rounded up to: powers of two from 64 bytes to 1 MiB, then eight
/// steps an octave. 0 where it is too large for any machine.
[[nodiscard]] std::size_t host_memory_class_bytes(std::size_t bytes) noexcept;

}  // namespace busfare::core
