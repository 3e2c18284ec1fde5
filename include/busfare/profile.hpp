// What is known of a machine's links and devices: the numbers that every quote is made of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <busfare/config.hpp>

namespace busfare {

/// Where a number comes from. Predictions inherit it and reports print it.
enum class provenance : std::uint8_t {
  measured,   ///< on this machine
  shipped,    ///< measured on another machine of the same kind
  datasheet,  ///< a vendor's or a published figure
  synthetic,  ///< an assumption
};

/// "measured", "shipped", "datasheet", "synthetic".
constexpr const char* name_of(provenance p) noexcept {
  constexpr const char* names[] = {"measured", "shipped", "datasheet", "synthetic"};
  return names[static_cast<std::uint8_t>(p)];
}

/// The two directions of a link, seen from the host.
enum class direction : std::uint8_t { upload, download };

/// "upload", "download".
constexpr const char* name_of(direction d) noexcept { return d == direction::upload ? "upload" : "download"; }

/// A prediction with its interval, in seconds: low and high are the 10 % and 90 % quantiles.
struct seconds_estimate {
  double value = 0, low = 0, high = 0;
};

/// One straight piece of a link's time over size: T(s) = seconds + seconds_per_byte * s for s up to
/// `max_bytes` (the last piece serves all larger sizes too).
struct segment {
  std::uint64_t max_bytes = UINT64_MAX;
  double seconds = 0;           ///< alpha: start cost of the engine
  double seconds_per_byte = 0;  ///< gamma: 1 / asymptotic rate
};

/// One direction of a link for one kind of host memory. Segments (1 to 3) are ordered by `max_bytes`.
/// After Hockney's alpha + s / beta, in pieces, with the submission cost kept apart: `submit_seconds` is
/// host time (handing the transfer over, noticing its end) and limits how many copies a second can start,
/// `predict` is engine-busy time.
struct link_curve {
  std::string memory = "pageable";  ///< "pinned", "pageable" or "mapped"
  direction way = direction::upload;
  double submit_seconds = 0;
  std::vector<segment> segments;
  double duplex_factor = 1;  ///< (0, 1]: rate while the other direction is busy / rate alone
  double residual_q10 = 1, residual_q50 = 1, residual_q90 = 1;  ///< quantiles of measured / predicted
  provenance source = provenance::synthetic;

  /// Seconds that the link's engine is busy with one transfer: alpha_k + gamma_k * bytes of the segment that
  /// holds `bytes`. Nothing crosses for 0 bytes: 0. For "mapped" memory it is the cost of one fence whatever
  /// the size, because nothing is copied.
  [[nodiscard]] double predict(std::uint64_t bytes) const noexcept {
    if (bytes == 0 || segments.empty()) return 0;
    if (memory == "mapped") return segments.front().seconds;
    const segment* s = &segments.back();
    for (const segment& each : segments)
      if (bytes <= each.max_bytes) {
        s = &each;
        break;
      }
    return s->seconds + s->seconds_per_byte * static_cast<double>(bytes);
  }

  /// `predict` with the interval that the residual quantiles give.
  [[nodiscard]] seconds_estimate estimate(std::uint64_t bytes) const noexcept {
    const double t = predict(bytes);
    return {t, t * residual_q10, t * residual_q90};
  }
};

/// What a device computes with. Rates are 0 where unknown. Flops are those of fused multiply-adds, two each.
struct device_rates {
  double launch_seconds = 0;               ///< engine time of a kernel that does next to nothing
  double run_seconds = 0;                  ///< host time of one run whatever it does: plan, receipt
  double submit_seconds = 0;               ///< host time of each launch: submission, notice of its end
  double build_seconds = 0;                ///< fixed cost of compiling one kernel that no cache holds
  double cached_build_seconds = 0;         ///< cost of one kernel that the cache on disk holds
  double build_seconds_per_operation = 0;  ///< and per operation of its program
  double bytes_per_second = 0;             ///< device memory, read plus write
  double flops_per_second_f32 = 0;
  double flops_per_second_f64 = 0;
  double divisions_per_second_f32 = 0;  ///< divisions or square roots
  double divisions_per_second_f64 = 0;
  provenance source = provenance::synthetic;
};

/// The origin of one number where it differs from its group's, e.g. {"rates.launch_seconds", synthetic,
/// "assumed"}. Paths: "rates.NAME", "links.MEMORY.DIRECTION.NAME", "capacity_bytes".
struct number_source {
  std::string number;
  provenance source = provenance::synthetic;
  std::string text;  ///< the publication, or why it is assumed
};

/// Everything known of one device and the link to it. A value; not tied to any open device.
struct device_profile {
  std::string device;                ///< "cpu", "opencl:0", "sim:h200-pcie5"
  std::string description;           ///< what a person calls it
  std::string fingerprint;           ///< hardware and driver; profiles are keyed by it
  std::uint64_t capacity_bytes = 0;  ///< device memory; 0: not known
  std::vector<link_curve> links;
  device_rates rates;
  std::string when;     ///< ISO date, "2026-11-23"
  std::string library;  ///< version of busfare that wrote it
  std::vector<number_source> sources;

  /// The curve of one kind of memory and direction; null where it was not measured. Valid until `links`
  /// changes.
  [[nodiscard]] const link_curve* find(std::string_view memory, direction way) const noexcept {
    for (const link_curve& each : links)
      if (each.memory == memory && each.way == way) return &each;
    return nullptr;
  }
  /// `find`, falling back to mapped, pinned, pageable in this order: what a transfer costs at best.
  [[nodiscard]] const link_curve* best(direction way) const noexcept {
    for (const char* memory : {"mapped", "pinned", "pageable"})
      if (const link_curve* found = find(memory, way)) return found;
    return nullptr;
  }
};

}  // namespace busfare
