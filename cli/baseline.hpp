// An earlier result of `busfare bench --json`, and what changed since.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "compare.hpp"
#include "result.hpp"

namespace busfare::cli {

/// One time of one row, then and now.
struct change {
  std::string op;
  busfare::type type = busfare::type::f32;
  std::uint64_t size = 0;
  std::string device;
  busfare::math math = busfare::math::exact;
  bool simulated = false;
  std::string what;  ///< "warm", "resident"
  bench::comparison times;
  std::string reason;  ///< of `unclear`
};

/// The rows of a file, which is untrusted: nothing of it but numbers decides anything, and what is printed of
/// it is short and without control characters.
class baseline {
 public:
  /// Reads the whole file; throws failure(exit_failed) with its name and the reason where it cannot be read,
  /// has more than 64 MiB, or is no result of `busfare bench`.
  explicit baseline(const std::string& file);

  /// Takes the rows of another run of the same build in: their samples count as earlier ones too, and what
  /// the two runs differ by is no change.
  /// Throws failure(exit_failed) where it is of another commit or machine.
  void add(const baseline& other);
  /// The least change that is told: what 19 of 20 times of the runs taken in differed by at most, and no less
  /// than bench::least_change. 0 where there is one run only, which does not tell.
  [[nodiscard]] double spread() const;

  /// Warm and resident times of each row whose operation, type, size, device and math are in the file too.
  /// Counts rows of the file that are missing here.
  [[nodiscard]] std::vector<change> changes_to(const std::vector<bench::row>& rows,
                                               std::size_t& missing) const;

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] const std::string& commit() const noexcept { return commit_; }
  [[nodiscard]] const std::string& date() const noexcept { return date_; }
  [[nodiscard]] const std::string& cpu() const noexcept { return cpu_; }
  [[nodiscard]] int threads() const noexcept { return threads_; }

 private:
  struct times {
    bool simulated = false;
    std::vector<double> warm, resident;
  };
  std::string file_, commit_, date_, cpu_;
  int threads_ = 0;
  std::map<std::string, times> rows_;  ///< by key_of
  std::vector<double> differences_;    ///< between runs taken in, of one time each: 0.1 is 10 % either way
};

/// The table of changes, a line that counts them, and a warning where the file is of another machine.
std::string text_of(const std::vector<change>& changes, std::size_t missing, const baseline& since,
                    bool color);

}  // namespace busfare::cli
