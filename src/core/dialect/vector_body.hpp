// What it takes to compute several neighbouring elements of one row at once.
#pragma once

#include <string>

#include "core/dialect/lanes.hpp"
#include "core/dialect/parameters.hpp"
#include "core/dialect/wide_text.hpp"

namespace busfare::core {

/// Elements of one vector of this program.
unsigned vector_lanes(const program& p);

/// Whether memory is asked for vectors of such elements ahead: not many times for one line.
bool asks_ahead(type t, unsigned lanes);

/// A program as text for one element and as text for the vector of elements from there on. The surroundings
/// define i, the flat index of the first; where there is an axis, `at`, its index along it, and what
/// `place_text` defines. Refers to the program, the dialect and the parameters.
class vector_body {
 public:
  vector_body(const program& p, const dialect_spec& d, const parameter_list& l, unsigned lanes);
  vector_body(const vector_body&) = delete;
  vector_body& operator=(const vector_body&) = delete;

  [[nodiscard]] unsigned lanes() const { return lanes_; }
  /// The axis along which neighbours lie; -1 where the program does not ask for places.
  [[nodiscard]] int axis() const { return axis_; }
  /// Defines `column`, the index of i along the axis, `beyond`, which is 1 where its neighbours there are
  /// those in memory, the indices of the axes before it and, where slope() names it, `slope`. Wants an axis.
  [[nodiscard]] std::string place_text(const std::string& indent) const;
  /// How many elements from i on lie in one row, in memory side by side, as an expression of those.
  [[nodiscard]] std::string neighbours() const;
  /// "slope * " or nothing: by how much `at` grows from one of them to the next.
  [[nodiscard]] std::string slope() const { return sloped_ ? "slope * " : ""; }

  [[nodiscard]] bool has_checks() const { return !plan_.checks.empty(); }
  /// Whether all places pass between two that do.
  [[nodiscard]] bool is_convex() const;
  /// What the checks need, and the checks as one expression of it.
  [[nodiscard]] std::string before_checks(int indent) const;
  [[nodiscard]] std::string checks() const;

  [[nodiscard]] std::string one(int indent) const { return body_text(p_, d_, one_, indent); }
  [[nodiscard]] std::string many(int indent) const { return body_text(p_, d_, many_, indent, &wide_); }
  /// Result k of `many` as a vector of a stored type.
  [[nodiscard]] std::string stored(std::size_t k, type as) const { return wide_.stored(k, as); }
  /// After `many`: asks the caches for what vectors some way ahead read, once for each stretch of memory.
  [[nodiscard]] std::string ahead(int indent) const;

 private:
  const program& p_;
  const dialect_spec& d_;
  unsigned lanes_;
  int axis_;
  bool sloped_;
  body_names one_, many_;
  lane_plan plan_;
  wide_speller wide_;
};

}  // namespace busfare::core
