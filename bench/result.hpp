// What the bench found: rows and crossovers, ready for a table, JSON or CSV.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <busfare/options.hpp>
#include <busfare/type.hpp>

namespace busfare::bench {

/// One (operation, type, size, device). Seconds; an empty optional is null in JSON: not measured, or without
/// meaning here. Where `simulated`, every time is virtual.
struct row {
  std::string op;
  busfare::type type = busfare::type::f32;
  std::uint64_t size = 0;
  std::string device;
  busfare::math math = busfare::math::exact;
  std::optional<int> threads;  ///< of the cpu device
  bool simulated = false;
  std::optional<double> build_s, cold_s, warm_s, resident_s, upload_s, download_s, overhead_s;
  std::optional<std::uint64_t> bytes_up, bytes_down;
  std::optional<double> gb_per_s, gflop_per_s;  ///< of the resident kernel
  std::optional<double> limit_fraction;         ///< of what the device's calibration says is possible
  std::optional<double> predicted_s, prediction_error, max_ulp, speedup_vs_1_thread;
  bool verified = false;
  std::vector<double> warm_samples_s, resident_samples_s;
  std::string error;  ///< why the row is not complete; empty: it is
};

/// From which size a device beats the cpu: with transfers, and with data already resident. Empty: at no size
/// measured.
struct crossover {
  std::string op;
  busfare::type type = busfare::type::f32;
  std::string device;
  bool simulated = false;
  std::optional<double> cold_n, resident_n;
  std::uint64_t least_n = 0, most_n = 0;  ///< the sizes compared
};

/// Crossovers of the rows of one operation and type, by interpolation between measured sizes.
std::vector<crossover> crossovers_of(const std::vector<row>& rows);
/// "pays on opencl:0 from n = 65536, or from n = 4096 when already resident; never below".
std::string sentence_of(const crossover& c);

}  // namespace busfare::bench
