// What a device is asked to build and to launch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <busfare/cpu_code.hpp>
#include <busfare/extents.hpp>
#include <busfare/type.hpp>

namespace busfare::backend {

enum class memory_kind : std::uint8_t {
  device,    ///< the device's own memory
  pinned,    ///< host memory that the device's copy engines read directly
  pageable,  ///< ordinary host memory: `handle` is the address
  mapped,    ///< host memory that the device computes on: crossings are fences, not copies
};

/// A piece of memory. `handle` is what the device made of it (an address, a cl_mem, ...); for `pageable` the
/// address. Blocks given to a launch have offset 0.
struct block {
  void* handle = nullptr;
  std::size_t offset = 0;
  std::size_t bytes = 0;
  memory_kind kind = memory_kind::pageable;
  void* host = nullptr;  ///< mapped and pinned: the address that the host uses
};

/// How a kernel sees one argument. Generated source takes, in this order: element, broadcast, result: a
/// pointer; whole: a pointer and its i64 size in elements; number: a value of its compute type. After all
/// arguments come five u64: first, count, shape[0], shape[1], shape[2].
enum class parameter_kind : std::uint8_t { element, broadcast, whole, number, result };

struct parameter {
  parameter_kind kind;
  busfare::type type;  ///< stored type; for numbers the compute type
};

/// map: one work item per element. fold: one result element (per result) per tree_block elements, by the
/// fixed tree.
enum class work : std::uint8_t { map, fold };

/// One kernel of a fused chain, for devices that run CPU code. Slots 0 to parameters.size()-1 are the
/// launch's arguments; later ones are temporaries of the types given in the request.
struct step {
  const cpu_code* code;
  std::span<const int> in;       ///< slots of the array arguments, in the kernel's order
  std::span<const int> out;      ///< slots of the results
  std::span<const int> numbers;  ///< parameter indices of the number arguments, in the kernel's order
};

/// How a hand-written kernel divides the launch's shape, per axis, slowest first: a group of `group` work
/// items computes `tile` elements, and groups cover the shape. The last of the `rank` axes is the first
/// dimension of the device's language. Rank 0: one work item per element, in groups of the backend's choice.
struct division {
  int rank = 0;
  std::uint64_t tile[3] = {1, 1, 1}, group[3] = {1, 1, 1};
};

/// Everything is valid during the call of `device::build` only.
struct build_request {
  busfare::backend::work work = work::map;
  std::span<const parameter> parameters;
  // Devices of dialect "host" read these:
  std::span<const step> steps;  ///< may be empty for a fold of its parameters
  std::span<const busfare::type> temporaries;
  const cpu_fold_code* fold = nullptr;  ///< work::fold
  std::span<const int> fold_slots;      ///< the components' slots; result parameters follow in the same order
  // Others compile this:
  /// Text in the device's dialect. "opencl-cpu": a definition BUSFARE_STREAM_FROM, in bytes, makes maps that
  /// cross as much memory element by element store past the caches, where the compiler knows how.
  std::string_view source;
  std::string_view entry;  ///< the kernel's name
  unsigned lanes = 0;      ///< work::fold: items of the group that the source wants per block (64 or 32)
  unsigned width = 1;      ///< work::map: neighbouring elements that one work item computes at each step
  backend::division division = {};  ///< work::map
  /// The compiler may contract a * b + c and round division and square root within 3 units in the last place;
  /// NaN, infinities and denormals stay as they are. Part of what a kernel cache keys on.
  bool fast = false;
  // For devices that take their times from a model. Operations: of the program, what a build takes time for.
  // Flops and bytes: of one element; an instruction counts two flops, as a fused multiply-add does, and a
  // division as many as the device could do in its time.
  double operations = 0;
  double flops = 0;
  double bytes = 0;
};

struct argument {
  block memory;              ///< element, broadcast, whole, result
  std::uint64_t size = 0;    ///< whole: elements
  std::uint64_t number = 0;  ///< number: its bytes, at the start, as in memory
};

struct launch {
  std::span<const argument> arguments;  ///< as many as the request had parameters
  std::uint64_t shape[3] = {1, 1, 1};
  std::uint64_t first = 0;  ///< folds: a multiple of tree_block
  std::uint64_t count = 0;  ///< elements; more than 2^32 is legal
  double flops = 0;         ///< per element, where numbers of the launch decide it; 0: as the request said
  double bytes = 0;         ///< the same of bytes
  std::uint64_t grain = 1;  ///< maps on dialect "host": parts begin and end at multiples of it, or at the end
};

/// A built kernel. Used by one thread at a time; outlives every launch of it.
class executable {
 public:
  virtual ~executable() = default;
  /// What the compiler said; empty where there is none.
  [[nodiscard]] virtual std::string_view build_log() const = 0;
  /// True where the build came from a cache (memory or disk) and cost next to nothing.
  [[nodiscard]] virtual bool from_cache() const = 0;
};

}  // namespace busfare::backend
