// The type-erased face of core: what the templates of array.hpp and algorithm.hpp call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <busfare/config.hpp>
#include <busfare/cpu_code.hpp>
#include <busfare/extents.hpp>
#include <busfare/options.hpp>
#include <busfare/program.hpp>
#include <busfare/source_line.hpp>
#include <busfare/value/window_use.hpp>

namespace busfare {

class receipt;
class plan;

namespace detail {

class array_state;  // core's
struct native_form;
using array_handle = std::shared_ptr<array_state>;

/// One kernel for one list of argument types; lives as long as the program.
struct map_kernel {
  const cpu_code* code;
  program_ptr program;  ///< its arguments, in order, and its stored result types
  int index_rank;       ///< rank of the indices and windows it takes; 0: none
  std::vector<window_use> windows;
  /// Of a hand-written kernel, whose program holds no operations; else null.
  const native_form* native = nullptr;
};

/// One reduction operation over k components.
struct fold_kernel {
  const cpu_fold_code* code;
  program_ptr program;           ///< 2k values to k
  std::vector<type> components;  ///< compute types
  std::vector<std::uint64_t>
      identity;  ///< bits of the value for nothing, one per component; empty: there is none
  const char* name;
  bool commutes = true;  ///< false: neighbours are combined (the pair tree), not lanes
};

struct map_argument {
  array_handle array = {};   ///< element and whole arguments
  std::uint64_t number = 0;  ///< number arguments: the bits
  extents shape = {};        ///< of the user's handle; a reshaped one has other extents than its array
};

// All of these may be called from several threads. Errors that can be known now are thrown now, with the
// line.
BUSFARE_API array_handle array_from(std::shared_ptr<const void> memory, extents shape, type t,
                                    source_line line);
BUSFARE_API array_handle array_copied(const void* from, extents shape, type t, source_line line);
/// `shape`: the extents of a generate; null where the arguments decide. `radii`: of the kernel's windows.
BUSFARE_API void record_map(const map_kernel& kernel, const options& how, source_line line,
                            const extents* shape, std::span<map_argument> arguments,
                            std::span<const window_radii> radii, std::span<array_handle> results);
/// The arrays of one fold have equal extents; invalid_argument says which has not.
BUSFARE_API void check_equal_extents(source_line line, std::span<const map_argument> components);
BUSFARE_API void record_fold(const fold_kernel& kernel, const options& how, source_line line,
                             std::span<const map_argument> components, std::span<array_handle> results);
/// Throws invalid_argument where the array cannot have these extents.
BUSFARE_API void check_reshape(const array_handle& a, const extents& from, const extents& to,
                               source_line line);

BUSFARE_API const extents& shape_of(const array_handle& a);
/// Runs what is needed and returns the host replica, valid while the handle lives.
BUSFARE_API const void* host_of(const array_handle& a, source_line line);
/// Runs what is needed and copies the contents to the caller's memory, straight from a device that has them.
BUSFARE_API void copy_out(const array_handle& a, void* to, source_line line);
/// Gives `mine` a new version, open for writing, and returns its host memory; `fetch`: with the contents of
/// the version before.
BUSFARE_API void* open_version(array_handle& mine, bool fetch, source_line line);
/// The same for who changes `count` elements from `first` on and nothing else; returns where `first` is.
/// Throws invalid_argument for elements that are not there.
BUSFARE_API void* open_part(array_handle& mine, std::size_t first, std::size_t count, source_line line);
/// `on_host`: that is where it was written.
BUSFARE_API void close_version(const array_handle& written, bool on_host = true) noexcept;
/// Over memory of the caller's, until `end_lease`.
BUSFARE_API array_handle array_borrowed(const void* from, extents shape, type t, source_line line);
/// Waits for running work, then keeps a copy where anybody else holds the array. Drops the handle.
BUSFARE_API void end_lease(array_handle& a) noexcept;
BUSFARE_API receipt run_arrays(std::span<const array_handle> wanted, source_line line);
BUSFARE_API plan quote_arrays(std::span<const array_handle> wanted, source_line line);
BUSFARE_API void warm_arrays(std::span<const array_handle> wanted, source_line line);
BUSFARE_API void prefetch_array(const array_handle& a, const std::string& device, source_line line);

}  // namespace detail
}  // namespace busfare
