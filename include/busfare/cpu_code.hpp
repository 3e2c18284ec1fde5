// The CPU reading of a kernel: compiled in the user's translation unit, carried by core as an opaque table,
// called by the cpu backend only. Plain function pointers: a kernel has no closure, its numbers travel with
// the launch.
#pragma once

#include <cstddef>
#include <cstdint>

#include <busfare/config.hpp>

namespace busfare {

/// Instruction sets that every kernel is compiled for. `avx2` means AVX2 and FMA; `avx512` means F, BW, DQ
/// and VL.
enum class isa : std::uint8_t { base, avx2, avx512 };
inline constexpr int isa_count = 3;

/// "base", "avx2", "avx512".
constexpr const char* name_of(isa i) noexcept {
  constexpr const char* names[] = {"base", "avx2", "avx512"};
  return names[static_cast<std::uint8_t>(i)];
}

/// Elements of one block of the fixed reduction tree; launches of folds begin at multiples of it.
inline constexpr std::uint64_t tree_block = 4096;
/// Lanes of the reduction tree for accumulators of `bytes` bytes (the widest component decides).
constexpr unsigned tree_lanes(std::size_t bytes) noexcept { return bytes <= 4 ? 64 : 32; }

/// One array argument of one call.
struct cpu_operand {
  const std::byte*
      data;            ///< element argument: the element `first`; broadcast: the one value; whole: element 0
  std::uint64_t size;  ///< whole arguments: elements of the table (0 allowed); else unused
  bool broadcast;      ///< an element argument that is one value for all
};

/// A run of consecutive flat elements [first, first + count) of a node's shape.
struct cpu_block {
  const cpu_operand* in;  ///< one per array argument, in the order of the kernel's parameters
  std::byte* const* out;  ///< one per result: where the element `first` goes. Never aliases an input partly:
                          ///< it is either disjoint from each or the very same elements
  const std::byte*
      numbers;  ///< 8 bytes per number argument, in order; the value in its compute type, at the start
  std::uint64_t shape[3];  ///< slowest axis first
  std::uint64_t first, count;
  bool
      stream;  ///< results are large and not read soon: use streaming stores (a fence follows, by the caller)
};

using cpu_entry = void (*)(const cpu_block&) noexcept;

struct cpu_folded_code;

/// One step of a chain whose steps hand their elements on in registers: see value/link.hpp. The last one is
/// the backend's own, and stores.
struct cpu_link {
  void (*run)();             ///< a busfare::detail::link_run of the set in use
  const std::byte* numbers;  ///< as in cpu_block
  const std::byte* const*
      arrays;      ///< element 0 of what the step reads beside the elements it is handed, in order
  std::byte* out;  ///< the last one's: element 0 of the result
};

/// A kernel's form as such a step. Its first element argument is what it is handed.
struct cpu_link_code {
  void (*run[isa_count])();  ///< null: none for this set; no narrower one stands in
};

/// What one kernel compiled to, per instruction set, and what its translation unit's flags mean for its bits.
struct cpu_code {
  cpu_entry run[isa_count];
  bool tu_fast_math;  ///< the unit was built with -ffast-math: same bits are not promised
  const cpu_folded_code* folded = nullptr;     ///< with the fold of its results, where one call records both
  cpu_link_code (*link)() noexcept = nullptr;  ///< for chains in registers, where it can be a step of one
};

/// Folds `count` (1 to tree_block) elements of every component by the fixed tree of docs/same-bits.md.
struct cpu_fold_block {
  const std::byte* const* in;  ///< one per component
  std::byte* const* out;       ///< one element per component
  std::uint64_t count;
};

using cpu_fold_entry = void (*)(const cpu_fold_block&) noexcept;

/// A reduction operation's CPU form.
struct cpu_fold_code {
  cpu_fold_entry run[isa_count];
  bool tu_fast_math;
};

/// Maps and folds one whole tree block: `count` of the block is tree_block, its `out` and `stream` are not
/// read, and `folded` has room for one element per component. Bits are those of the map and then the fold.
using cpu_folded_entry = void (*)(const cpu_block&, std::byte* const* folded) noexcept;

/// A map and the operation that folds its results, in one loop: what is mapped never meets memory.
struct cpu_folded_code {
  const cpu_fold_code* fold;  ///< that operation
  cpu_folded_entry run[isa_count];
};

}  // namespace busfare
