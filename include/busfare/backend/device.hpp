// A device behind the seam. A backend implements four classes: device, queue, event, executable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <busfare/backend/executable.hpp>
#include <busfare/backend/native.hpp>
#include <busfare/backend/queue.hpp>
#include <busfare/error.hpp>

namespace busfare::backend {

/// Facts, not wishes: numbers that a driver reported are sanity-checked by the backend first.
struct device_info {
  std::string name;            ///< "cpu", "opencl:0", "sim:h200-pcie5"
  std::string description;     ///< what a person calls it, e.g. the processor's name
  std::string fingerprint;     ///< hardware and driver, for profiles and kernel caches
  std::string dialect;         ///< "host" (runs build_request::steps), "opencl-cpu", "opencl-gpu", "cuda"
  std::uint64_t capacity = 0;  ///< bytes of memory
  int compute_units = 1;
  int core_group = -1;  ///< devices of one group use the same cores; -1: cores of its own
  bool f64 = true;
  bool exact_div_sqrt = true;  ///< division and square root are correctly rounded (found by running them)
  bool denormals = true;       ///< denormals are kept (found by running them)
  bool shares_host_memory = false;  ///< kernels run on host memory: `adopt` works and crossings are fences
  std::size_t host_alignment = 64;  ///< bytes, a power of two: of host memory that `adopt` is asked for
  bool virtual_clock = false;       ///< times are modelled, not measured
  bool fast_spellings = false;      ///< its compiler's own exp, sin, ... beat the text of definitions
};

/// Owned by core; calls come from one thread at a time, but for `build`: while a kernel is built behind the
/// scenes, other threads may use everything else, `is_cached` and a second `build` excepted. Destroyed after
/// all its queues, events and executables.
class device {
 public:
  virtual ~device() = default;
  [[nodiscard]] virtual const device_info& info() const = 0;
  /// Throws out_of_memory. Content is unspecified.
  virtual block allocate(std::size_t bytes, memory_kind kind) = 0;
  virtual void release(const block& memory) noexcept = 0;
  /// Makes host memory (aligned to `host_alignment`) usable by kernels in place; nullopt: cannot, core
  /// copies. The caller keeps the memory alive until `release`, which gives back what `adopt` made and leaves
  /// the memory alone.
  virtual std::optional<block> adopt(void* host, std::size_t bytes) = 0;
  /// Throws kernel_build with source and log.
  virtual std::unique_ptr<executable> build(const build_request& what) = 0;
  /// Whether `build` would find this in a cache, so that a quote can say so. Builds nothing; may read the
  /// disk.
  virtual bool is_cached(const build_request& what) {
    static_cast<void>(what);
    return false;
  }
  virtual std::unique_ptr<queue> open(engine which) = 0;
  /// Empty: well. Else why the device is lost.
  virtual std::string health() = 0;
  /// The vendor's context; null where there is none.
  virtual void* native() = 0;

  // What a device lets code of the user share. A device whose `ids` are empty implements none of the others.
  [[nodiscard]] virtual native_ids ids() { return {}; }
  /// The vendor's handle of a block (CUdeviceptr as a pointer, cl_mem), in a state in which the vendor's
  /// calls may use it. Core has waited for the contents, or orders the caller's stream behind them.
  virtual void* native_memory(const block& memory) {
    static_cast<void>(memory);
    shares_nothing("native_memory");
  }
  /// A block over memory that the caller owns, keeps alive and frees; it is never given to `release`.
  /// `alignment`: bytes, of the elements. Throws invalid_argument for null, for what the driver knows to be
  /// no memory of this device or too small, and for an address that is not aligned.
  virtual block adopt_native(void* memory, std::size_t bytes, std::size_t alignment) {
    static_cast<void>(memory), static_cast<void>(bytes), static_cast<void>(alignment);
    shares_nothing("adopt_native");
  }
  /// An event, without times, that is done when all that `stream` (the vendor's: CUstream, cl_command_queue)
  /// holds now is. Throws invalid_argument for a stream of another context.
  virtual std::unique_ptr<event> mark_on(void* stream) {
    static_cast<void>(stream);
    shares_nothing("mark_on");
  }
  /// Later work of the vendor's `stream` starts after `e`, an event of this device. Throws as `mark_on`.
  virtual void wait_on(void* stream, event& e) {
    static_cast<void>(stream), static_cast<void>(e);
    shares_nothing("wait_on");
  }

 private:
  [[noreturn]] void shares_nothing(const char* call) const {
    error::details d;
    d.device = info().name;
    throw error(error_class::internal, std::string(call) + " of a device that shares nothing", d);
  }
};

}  // namespace busfare::backend
