// Devices, running, and what is known about both.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <busfare/any_array.hpp>
#include <busfare/array.hpp>
#include <busfare/plan.hpp>
#include <busfare/profile.hpp>
#include <busfare/receipt.hpp>

namespace busfare {

/// One device, or one module that has none to offer.
struct device_description {
  std::string name;  ///< "cpu", "opencl:0", "sim:h200-pcie5"; of a missing module: "opencl"
  std::string description;
  std::string unavailable;  ///< why; empty: it is there
  std::string remedy;
  std::uint64_t capacity = 0;  ///< bytes
  int compute_units = 0;
  bool f64 = true, shares_host_memory = false, simulated = false;
  bool calibrated = false;  ///< a measured profile is stored
};

/// Everything that was looked for, in order: cpu, loaded modules, simulated devices. Never throws for a
/// missing device.
BUSFARE_API std::vector<device_description> devices();

/// The profile of a device, measured now if it was not before (under a second). Throws unavailable.
BUSFARE_API device_profile profile_of(const std::string& device);
/// Measures again and stores. Throws unavailable; invalid_argument for a simulated device.
BUSFARE_API device_profile calibrate(const std::string& device);

/// The defaults of every node that says nothing else. BUSFARE_DEVICE sets the first value of `device`.
BUSFARE_API options default_options();
/// Throws invalid_argument or unavailable for a device that is not there.
BUSFARE_API void set_default_options(const options& how);

/// Whether a run may move contents that no call of the program moves.
enum class implicit_transfers : unsigned char {
  allow,
  /// A run whose plan moves anything but what `prefetch` brought and the results that are read (`host`,
  /// `value`, `into`) throws invalid_argument before it starts, and names each such crossing. Fences on
  /// shared memory move nothing and are no crossings.
  forbid,
};
/// Of the process; `allow` at first. Any thread; runs that have begun keep the rule they began with.
BUSFARE_API void set_transfer_rule(implicit_transfers rule);
BUSFARE_API implicit_transfers transfer_rule();

/// Check mode: every node is a kernel of its own, and after it ran, the host computes it again from what it
/// read, operation by operation, and looks for what is seldom meant: reads out of range, NaNs that are born,
/// loops that reached their `max`, results that differ from what the kernel means. Only where it matters: not
/// in the arm of a `select` that was not chosen, on the right of an `&` or `|` whose left side decides, or
/// after the end of a loop. Reductions are searched for NaNs that they give birth to, no more. Results stay
/// what they are without it. Runs take many times as long; what is read back from devices for it is in the
/// receipt like any crossing (from memory that is shared with the host as a fence).
///
/// Of the process; BUSFARE_CHECK=1 sets the first value. Any thread; runs that have begun keep theirs. The
/// kernels that calibration measures are never checked.
BUSFARE_API void set_check_mode(bool on);
BUSFARE_API bool check_mode();
/// What runs found since the last call, also what their receipts told, oldest first; at most the first 1000.
/// Does not wait for runs of other threads that are under way. Any thread.
BUSFARE_API std::vector<finding> take_findings();

/// Starts bringing the contents of `a` to a device, so that a later run there finds them; runs what they need
/// first. Returns when the transfer is queued; copies that the driver makes itself (pageable memory) may
/// block. Does nothing where they are there already. Throws what running throws; unavailable for a device
/// that is not here. A transfer that fails later counts as not made: the run that needs it brings the
/// contents again.
template <storable T>
void prefetch(const array<T>& a, const std::string& device, source_line line = source_line::here()) {
  detail::prefetch_array(detail::handle_of(a), device, line);
}

/// Brings the contents to the host, so that what follows does not rest on one device: if that is lost,
/// nothing before this point has to be computed again.
template <storable T> void checkpoint(const array<T>& a, source_line line = source_line::here()) {
  (void)detail::host_of(detail::handle_of(a), line);
}

/// Starts keeping the spans of every run of this process, in place of what was kept before; false: lets them
/// go. Any thread.
BUSFARE_API void record_trace(bool on);
/// What was kept since, on one axis that begins at `record_trace(true)`; at most 2^20 spans. Simulated
/// devices have an axis of their own, on which their runs follow each other. See chrome_trace.
BUSFARE_API trace recorded_trace();

/// Counts since the start of the process.
struct statistics {
  std::uint64_t recorded = 0;  ///< nodes
  std::uint64_t runs = 0;
  /// Those of one small kernel on the host, by a known plan, for who read the result (host, value, into) and
  /// gets no receipt: they make none, and leave nothing in histories.
  std::uint64_t short_runs = 0;
  /// Runs that recording itself caused: BUSFARE_EAGER, and the bounds of laziness.
  std::uint64_t forced_by_eager = 0, forced_by_depth = 0, forced_by_count = 0, forced_by_bytes = 0;
  /// Kernels of all runs that could have been one with what is before them, but for a limit of one kernel
  /// (its operations, inputs, outputs, bytes of arguments) or another math; plan_step::cut says which it was.
  std::uint64_t cut_by_operations = 0, cut_by_inputs = 0, cut_by_outputs = 0, cut_by_arguments = 0,
                cut_by_math = 0;
  std::uint64_t plans_reused = 0, plans_made = 0;
  /// Kernels; those of them that a cache had; those that were built behind the scenes for `auto`.
  std::uint64_t built = 0, build_cache_hits = 0, built_behind = 0;
  std::uint64_t launches = 0;
  std::uint64_t writes_taken_over = 0,
                writes_copied = 0;  ///< `write` and `overwrite` that kept the buffer; that took a new one
  std::uint64_t unrun = 0;          ///< nodes that wait now
  std::uint64_t findings = 0;       ///< of check mode, also those that no list had room for
};
BUSFARE_API statistics stats();

/// Drops what was kept for reuse: plans, built kernels and pooled buffers.
BUSFARE_API void forget();

// Placement under "auto" counts the way of the results to the host, whoever asks: `quote`, `run` and reading
// an array (host, value, into) choose the same device for the same job. Who wants results to stay on a device
// names it: bf::on("opencl:0").
//
// Each takes any number of arrays, of any types, or a list of them that was made at run time. The line that
// receipts name is the caller's; one may be given last.

/// Plans and runs everything that the arrays depend on; returns when it is done. Results stay where they were
/// computed: what reading them on the host will take is in the receipt (`plan.later`), not in its totals.
/// Runs where `quote` said. Throws what recording could not know. Any thread.
template <detail::array_or_line... More> receipt run(const any_array& first, const More&... more) {
  const detail::wanted_arrays<More...> all(first, more...);
  return detail::run_arrays(all.handles(), all.line());
}
inline receipt run(std::span<const any_array> all, source_line line = source_line::here()) {
  return detail::run_arrays(detail::handles_of(all), line);
}

/// The price of having the arrays on the host: build, upload, kernel, download and overhead of `run` and the
/// reading after it, or of reading alone, which runs what is missing. Runs nothing; may open and measure
/// devices. Any thread.
template <detail::array_or_line... More> plan quote(const any_array& first, const More&... more) {
  const detail::wanted_arrays<More...> all(first, more...);
  return detail::quote_arrays(all.handles(), all.line());
}
inline plan quote(std::span<const any_array> all, source_line line = source_line::here()) {
  return detail::quote_arrays(detail::handles_of(all), line);
}

/// Builds the kernels that running the arrays would build, and keeps the plan. Runs no recorded kernel; may
/// open and measure devices. Throws kernel_build. Any thread.
template <detail::array_or_line... More> void warm(const any_array& first, const More&... more) {
  const detail::wanted_arrays<More...> all(first, more...);
  detail::warm_arrays(all.handles(), all.line());
}
inline void warm(std::span<const any_array> all, source_line line = source_line::here()) {
  detail::warm_arrays(detail::handles_of(all), line);
}

}  // namespace busfare
