// Aligned text for people: units, columns, colours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace busfare::cli {

enum class paint { none, dim, bold, green, red };

/// Escapes around the text where colours are on.
std::string painted(const std::string& text, paint p, bool color);

/// "12.3 us", "4.56 ms"; "-" for nothing.
std::string seconds_text(std::optional<double> seconds);
/// "123", "4.56", "0.01": three digits; "-" for nothing.
std::string number_text(std::optional<double> value);
/// "+12 %"; "-" for nothing.
std::string percent_text(std::optional<double> fraction, bool sign);
/// "16 GiB", "512 KiB", "0 B".
std::string bytes_text(double bytes);

/// Columns of fixed width, so that rows can be printed as they come. Longer cells push the rest to the right.
class table {
 public:
  struct column {
    std::string title;
    std::size_t width;
    bool left = false;
  };
  table(std::vector<column> columns, bool color) : columns_(std::move(columns)), color_(color) {}
  [[nodiscard]] std::string header() const;
  /// One line; `paints` may be shorter than `cells`.
  [[nodiscard]] std::string line(const std::vector<std::string>& cells,
                                 const std::vector<paint>& paints = {}) const;

 private:
  std::vector<column> columns_;
  bool color_;
};

}  // namespace busfare::cli
