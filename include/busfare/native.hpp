// Sharing device memory, contexts and streams with code that calls a vendor's driver or library itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <busfare/array.hpp>
#include <busfare/lease.hpp>
#include <busfare/plan.hpp>

namespace busfare {

/// A vendor's stream or queue of the caller's: CUstream (cudaStream_t; null is the legacy default stream) or
/// cl_command_queue. It belongs to the context of `native_device_of`, and outlives the calls and the holds it
/// is given to.
struct native_stream {
  void* handle = nullptr;
};

/// The driver's objects of one device, for code that wants to work beside the library. They belong to the
/// library and live as long as the process: never destroy or release them. CUDA: `context` is the device's
/// primary context (make it current before you call the driver; the CUDA runtime uses the same one).
struct native_device {
  std::string name;          ///< "cuda:0"
  std::string api;           ///< "host", "cuda", "opencl"
  void* context = nullptr;   ///< CUcontext, cl_context
  void* device = nullptr;    ///< cl_device_id; null for CUDA
  int ordinal = -1;          ///< CUdevice; -1 for OpenCL
  void* compute = nullptr;   ///< CUstream or cl_command_queue on which the library launches kernels, in order
  void* upload = nullptr;    ///< the one for transfers to the device
  void* download = nullptr;  ///< the one for transfers to the host
};

/// Opens the device (which may take seconds the first time). "cpu" has no objects: api "host", all else null.
/// Throws unavailable for a device that is not here, invalid_argument for one that shares nothing (a
/// simulated one). Any thread.
BUSFARE_API native_device native_device_of(const std::string& device, source_line line = source_line::here());

namespace detail {
struct native_access;
enum class native_use : unsigned char { read, write, overwrite };
}  // namespace detail

/// Device memory of one version of an array, held for code of the caller's; made by `native`, `native_write`
/// and `native_overwrite`. While it lives the memory stays where it is, and nobody writes to it but the
/// caller through a writing hold. It shares ownership: safe on a temporary array. A hold of a lent array
/// (`view_of`) ends with its lease.
///
/// Without a stream: the contents were complete when the hold was made, and the caller's work on the memory
/// has ended when the hold ends. With a stream: the hold did not wait; work that the caller queues on the
/// stream starts after the contents are complete, and what it queued there before the hold's end is waited
/// for by whatever uses the memory next.
///
/// Move-only; one hold by one thread at a time, any thread may end it.
class BUSFARE_API native_hold {
 public:
  native_hold(native_hold&& other) noexcept;
  native_hold& operator=(native_hold&& other) noexcept;
  native_hold(const native_hold&) = delete;
  native_hold& operator=(const native_hold&) = delete;
  /// As `end`; an error becomes a note of a later receipt.
  ~native_hold();

  /// CUDA: the device pointer. OpenCL: the cl_mem, which the caller may retain for as long as the hold lives.
  /// "cpu": the address. Of a reading hold it is for reading only. Null where the array has no elements.
  [[nodiscard]] void* handle() const noexcept { return held_.handle; }
  /// hold.as<float>() as a device pointer; hold.as<_cl_mem>() is the cl_mem.
  template <class T> [[nodiscard]] T* as() const noexcept { return static_cast<T*>(held_.handle); }
  /// The handle as a number: CUDA's CUdeviceptr.
  [[nodiscard]] std::uintptr_t address() const noexcept {
    return reinterpret_cast<std::uintptr_t>(held_.handle);
  }
  [[nodiscard]] std::size_t size() const noexcept { return held_.size; }    ///< elements
  [[nodiscard]] std::size_t bytes() const noexcept { return held_.bytes; }  ///< of the elements
  [[nodiscard]] const std::string& device() const noexcept { return held_.device; }
  [[nodiscard]] std::string_view api() const noexcept { return held_.api; }  ///< as `native_device::api`
  /// What bringing the contents there took, or spared, with causes, as in a receipt. With a stream nothing of
  /// it is measured.
  [[nodiscard]] const std::vector<transfer>& transfers() const noexcept { return held_.transfers; }

  /// Ends the hold before the destructor does; a written version becomes readable. Twice is fine. Does not
  /// wait for the device. Throws where the driver refuses the stream: the hold has ended all the same, and
  /// the caller waits for the stream before anything uses the array.
  void end();

 private:
  friend struct detail::native_access;
  struct held {
    detail::array_handle array;  // null: ended
    int slot = -1;
    bool writing = false, in_host_memory = false;
    std::optional<native_stream> stream;
    void* handle = nullptr;
    std::size_t size = 0, bytes = 0;
    std::string device, api;
    std::vector<transfer> transfers;
  };
  explicit native_hold(held h) : held_(std::move(h)) {}
  void end_quietly() noexcept;
  held held_;
};

namespace detail {
BUSFARE_API native_hold hold_native(array_handle& mine, native_use use, const std::string& device,
                                    const native_stream* stream, source_line line);
/// `lent`: until `end_lease`.
BUSFARE_API array_handle array_native(const std::string& device, std::shared_ptr<void> memory, extents shape,
                                      type t, const native_stream* stream, bool lent, source_line line);
}  // namespace detail

/// Holds the contents on a device for reading. Runs what they need, brings them there, and waits until they
/// are complete. Throws what running throws; out_of_memory; unavailable for a device that is not here;
/// invalid_argument for one that shares nothing (a simulated one), and while this thread writes the array.
template <storable T>
[[nodiscard]] native_hold native(const array<T>& a, const std::string& device,
                                 source_line line = source_line::here()) {
  detail::array_handle h = detail::handle_of(a);
  return detail::hold_native(h, detail::native_use::read, device, nullptr, line);
}
/// The same for work on `stream`, which waits in this call's place. Throws invalid_argument also for "cpu",
/// which has no streams, and for a stream of another context.
template <storable T>
[[nodiscard]] native_hold native(const array<T>& a, const std::string& device, native_stream stream,
                                 source_line line = source_line::here()) {
  detail::array_handle h = detail::handle_of(a);
  return detail::hold_native(h, detail::native_use::read, device, &stream, line);
}

/// Gives this handle a new version, which the caller changes on the device. Copies of the handle, views and
/// what was recorded before keep the old one, as with `array::write`: the memory is taken over when nobody
/// else holds it (work that a stream has not finished does), else copied on the device. The version becomes
/// readable when the hold ends; until then whatever needs it throws invalid_argument in the thread that made
/// the hold, and waits in others.
template <storable T>
[[nodiscard]] native_hold native_write(array<T>& a, const std::string& device,
                                       source_line line = source_line::here()) {
  return detail::hold_native(detail::handle_in(a), detail::native_use::write, device, nullptr, line);
}
template <storable T>
[[nodiscard]] native_hold native_write(array<T>& a, const std::string& device, native_stream stream,
                                       source_line line = source_line::here()) {
  return detail::hold_native(detail::handle_in(a), detail::native_use::write, device, &stream, line);
}
/// As `native_write`, but for who fills every element: nothing is run or brought, and the contents are
/// unspecified at first.
template <storable T>
[[nodiscard]] native_hold native_overwrite(array<T>& a, const std::string& device,
                                           source_line line = source_line::here()) {
  return detail::hold_native(detail::handle_in(a), detail::native_use::overwrite, device, nullptr, line);
}
template <storable T>
[[nodiscard]] native_hold native_overwrite(array<T>& a, const std::string& device, native_stream stream,
                                           source_line line = source_line::here()) {
  return detail::hold_native(detail::handle_in(a), detail::native_use::overwrite, device, &stream, line);
}

/// An array over device memory of the caller's: bf::adopt_native<float>("cuda:0", memory, {rows, columns}).
/// `memory` holds a device pointer or a cl_mem (a buffer; a sub-buffer for a part), or for "cpu" an address;
/// its deleter runs when nothing uses the array any more, in whatever thread that is, perhaps inside a call
/// of this library, which it must not call. The library reads device memory and never writes it or
/// frees it itself ("cpu": as bf::adopt of a shared pointer). The caller writes to it no more; without a
/// stream what wrote it has ended. Nothing is copied until the contents are wanted elsewhere.
///
/// Throws invalid_argument for null, for memory that the driver knows to be no memory of this device or
/// shorter than the extents, for an address not aligned to the elements, for extents that overflow, and for a
/// device that shares nothing; unavailable for a device that is not here. A handle that is none at all cannot
/// always be told.
template <storable T>
[[nodiscard]] array<T> adopt_native(const std::string& device, std::shared_ptr<void> memory, extents shape,
                                    source_line line = source_line::here()) {
  return detail::array_of<T>(
      detail::array_native(device, std::move(memory), shape, type_of<T>(), nullptr, false, line));
}
/// The same for memory that work on `stream` still writes: what uses the array waits for all that the stream
/// holds now.
template <storable T>
[[nodiscard]] array<T> adopt_native(const std::string& device, std::shared_ptr<void> memory, extents shape,
                                    native_stream stream, source_line line = source_line::here()) {
  return detail::array_of<T>(
      detail::array_native(device, std::move(memory), shape, type_of<T>(), &stream, false, line));
}

/// As `adopt_native`, under a lease: when it ends, the memory is the caller's again, and who still holds the
/// array finds the contents on the host, which are fetched then.
template <storable T>
[[nodiscard]] lease<T> view_of_native(const std::string& device, void* memory, extents shape,
                                      source_line line = source_line::here()) {
  return detail::lease_of(
      detail::array_of<T>(detail::array_native(device, std::shared_ptr<void>(std::shared_ptr<void>(), memory),
                                               shape, type_of<T>(), nullptr, true, line)));
}
template <storable T>
[[nodiscard]] lease<T> view_of_native(const std::string& device, void* memory, extents shape,
                                      native_stream stream, source_line line = source_line::here()) {
  return detail::lease_of(
      detail::array_of<T>(detail::array_native(device, std::shared_ptr<void>(std::shared_ptr<void>(), memory),
                                               shape, type_of<T>(), &stream, true, line)));
}

}  // namespace busfare
