// What the bench compares: one operation, and the job that it makes for one size on one device.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <busfare/options.hpp>
#include <busfare/plan.hpp>
#include <busfare/profile.hpp>
#include <busfare/type.hpp>

namespace busfare::bench {

/// Where a job runs and what is known of that place.
struct place {
  std::string device;      ///< "cpu", "opencl:0", "sim:h200-pcie5"; never "auto"
  bool simulated = false;  ///< its times are virtual
  device_profile profile;
  busfare::math math = busfare::math::exact;  ///< of every node of the job
};

/// One call from host inputs to host results, in seconds. On a simulated device every time is virtual.
struct warm_sample {
  double seconds = 0;
  double build = 0, upload = 0, kernel = 0, download = 0, overhead = 0;
  double predicted = 0;  ///< by the plan, before the call
  std::uint64_t bytes_up = 0, bytes_down = 0;
};

/// Results against the same kernel read as scalars (bits; under math::fast on devices that compile text:
/// near), and against wider arithmetic (ULP).
struct check {
  bool verified = false;
  std::optional<double> max_ulp;  ///< empty where it means nothing
  std::uint64_t compared = 0;     ///< elements; expensive operations are sampled
  std::string detail;             ///< the first difference; empty: none
};

/// How far results may be from the scalar reading. Not exact: within 2^-10 of it (f64: 2^-40),
/// and one element in a hundred anywhere, since contraction moves the few that hang on a cancelled difference
/// or on one comparison.
struct tolerance {
  bool exact = true;
};
/// The cpu and simulated devices give exact's bits under math::fast too.
inline tolerance tolerance_of(const place& where) {
  return {where.math == busfare::math::exact || where.simulated || where.device == "cpu"};
}

/// One operation, one size, one device. Blocks; one thread at a time. Everything throws busfare::error.
class job {
 public:
  virtual ~job() = default;
  /// Inputs are new host arrays that no device has seen (made before the clock starts); results are read on
  /// the host.
  virtual warm_sample warm() = 0;
  /// Seconds of the kernels alone, inputs resident since an earlier call, results left where they are.
  virtual double resident() = 0;
  /// The plan of `warm`; runs nothing.
  virtual plan quote() = 0;
  /// Checks the results of the last `warm`.
  virtual check verify() = 0;
};

struct operation {
  std::string name;
  busfare::type type = busfare::type::f32;
  std::string what;                                    ///< one line for people
  std::vector<std::uint64_t> quick_sizes, full_sizes;  ///< elements, ascending
  std::uint64_t max_size = 0;                          ///< elements; more is refused
  std::function<double(std::uint64_t)> flops;          ///< of one call for n elements; 0: as the plan counts
  std::function<double(std::uint64_t)> bytes;          ///< compulsory device memory traffic of one call
  std::function<double(std::uint64_t)> host_bytes;     ///< host memory for inputs and results
  std::function<std::unique_ptr<job>(std::uint64_t size, const place&)> make;
};

/// All of them, in the order of the table. Built once.
const std::vector<operation>& operations();
/// By name, and by type where it is given ("triad", "triad:f64"). Empty where nothing has that name.
std::vector<const operation*> find_operations(const std::string& name);

}  // namespace busfare::bench
