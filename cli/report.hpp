// Rows as JSON and CSV: the same fields, in the same order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <busfare/plan.hpp>

#include "accuracy/examine.hpp"
#include "baseline.hpp"
#include "machine.hpp"
#include "result.hpp"

namespace busfare::cli {

struct bench_report {
  std::vector<bench::row> rows;
  std::vector<bench::crossover> crossovers;
  const baseline* since = nullptr;  ///< what `changes` are since; null: nothing was compared
  std::vector<change> changes;
};

std::string json_of(const bench_report& report);
std::string csv_of(const bench_report& report);

struct accuracy_report {
  std::vector<accuracy::outcome> rows;
  std::uint64_t seed = 0;
  bool partial = false;  ///< interrupted
};

std::string json_of(const accuracy_report& report);
std::string csv_of(const accuracy_report& report);

/// The plan of a job, for `busfare plan --json`.
std::string json_of(const plan& p, const std::string& op, std::uint64_t size);

}  // namespace busfare::cli
