// Numbers with three digits and a unit, cells with a width.
#include "table.hpp"

#include <cmath>
#include <cstdio>

namespace busfare::cli {
namespace {

std::string digits(double v) {
  char text[48];
  const double a = std::abs(v);
  const int places = a >= 99.95 || a == 0 ? 0 : a >= 9.995 ? 1 : 2;
  if (a >= 1e7 || (a > 0 && a < 0.005)) {
    std::snprintf(text, sizeof text, "%.1e", v);
  } else {
    std::snprintf(text, sizeof text, "%.*f", places, v);
  }
  return text;
}

// Widths count characters on the screen: continuation bytes of UTF-8 take none.
std::size_t width_of(const std::string& s) {
  std::size_t n = 0;
  for (const char c : s) n += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  return n;
}

}  // namespace

std::string painted(const std::string& text, paint p, bool color) {
  if (!color || p == paint::none) return text;
  constexpr const char* codes[] = {"", "\033[2m", "\033[1m", "\033[32m", "\033[31m"};
  return codes[static_cast<int>(p)] + text + "\033[0m";
}

std::string seconds_text(std::optional<double> seconds) {
  if (!seconds) return "-";
  const double s = *seconds;
  if (s == 0) return "0";
  if (s < 0.9995e-6) return digits(s * 1e9) + " ns";
  if (s < 0.9995e-3) return digits(s * 1e6) + " us";
  if (s < 0.9995) return digits(s * 1e3) + " ms";
  return digits(s) + " s";
}

std::string number_text(std::optional<double> value) { return value ? digits(*value) : "-"; }

std::string percent_text(std::optional<double> fraction, bool sign) {
  if (!fraction) return "-";
  char text[48];
  const double percent = *fraction * 100;
  const int places = percent != 0 && std::abs(percent) < 9.95 ? 1 : 0;
  std::snprintf(text, sizeof text, sign ? "%+.*f %%" : "%.*f %%", places, percent);
  return text;
}

std::string bytes_text(double bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  while (bytes >= 1023.5 && unit < 4) {
    bytes /= 1024;
    ++unit;
  }
  return (unit == 0 ? std::to_string(static_cast<long long>(bytes)) : digits(bytes)) + " " + units[unit];
}

std::string table::header() const {
  std::vector<std::string> titles;
  for (const column& each : columns_) titles.push_back(each.title);
  return line(titles, std::vector<paint>(titles.size(), paint::bold));
}

std::string table::line(const std::vector<std::string>& cells, const std::vector<paint>& paints) const {
  std::string out;
  for (std::size_t k = 0; k < cells.size() && k < columns_.size(); ++k) {
    const std::size_t used = width_of(cells[k]);
    const std::string pad(used < columns_[k].width ? columns_[k].width - used : 0, ' ');
    const std::string cell = painted(cells[k], k < paints.size() ? paints[k] : paint::none, color_);
    if (k > 0) out += "  ";
    out += columns_[k].left ? cell + (k + 1 < cells.size() ? pad : "") : pad + cell;
  }
  return out;
}

}  // namespace busfare::cli
