// busfare bench: one table, and after each operation where a device begins to pay.
#include <algorithm>
#include <iostream>
#include <optional>

#include <busfare/busfare.hpp>

#include "baseline.hpp"
#include "child.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "machine.hpp"
#include "measure.hpp"
#include "output_file.hpp"
#include "report.hpp"
#include "table.hpp"

namespace busfare::cli {
namespace {

std::vector<const bench::operation*> chosen(const std::vector<std::string>& names) {
  std::vector<const bench::operation*> found;
  std::string all;
  for (const bench::operation& each : bench::operations()) {
    all += (all.empty() ? "" : ", ") + each.name + ":" + name_of(each.type);
    if (names.empty()) found.push_back(&each);
  }
  for (const std::string& name : names) {
    const auto these = bench::find_operations(name);
    if (these.empty()) throw failure(exit_usage, "no operation '" + name + "'; there are " + all);
    found.insert(found.end(), these.begin(), these.end());
  }
  return found;
}

// cpu, every device that is not simulated, and one simulated one.
std::vector<std::string> default_devices() {
  std::vector<std::string> names;
  for (const device_description& each : devices()) {
    if (each.unavailable.empty() && (!each.simulated || each.name == "sim:h200-pcie5"))
      names.push_back(each.name);
  }
  return names;
}

std::vector<std::string> bench_devices(const common_flags& flags) {
  std::vector<std::string> names;
  for (const std::string& each : checked_devices(flags.devices)) {
    if (each == "auto") {
      for (const std::string& one : default_devices()) names.push_back(one);
    } else {
      names.push_back(each);
    }
  }
  return names.empty() ? default_devices() : checked_devices(names);
}

std::string size_text(std::uint64_t n) {
  if ((n & (n - 1)) == 0 && n >= 1024) {
    int power = 0;
    while ((std::uint64_t{1} << power) != n) ++power;
    return "2^" + std::to_string(power);
  }
  return std::to_string(n);
}

table bench_table(bool color) {
  return table(
      {{"op", 14, true}, {"type", 4, true}, {"n", 7},        {"device", 14, true}, {"times", 9, true},
       {"build", 8},     {"cold", 8},       {"warm", 8},     {"predicted", 9},     {"error", 7},
       {"upload", 8},    {"resident", 8},   {"download", 8}, {"overhead", 8},      {"GB/s", 6},
       {"GFLOP/s", 7},   {"limit", 6},      {"1 thread", 8}, {"max ulp", 7},       {"checked", 7, true}},
      color);
}

std::string row_text(const bench::row& r, const table& lines) {
  const paint all = !r.error.empty() ? paint::red : r.simulated ? paint::dim : paint::none;
  std::vector<paint> paints(20, all);
  if (r.verified && r.error.empty()) paints.back() = paint::green;
  std::string line = lines.line({r.op,
                                 name_of(r.type),
                                 size_text(r.size),
                                 r.device,
                                 r.simulated ? "simulated" : "measured",
                                 seconds_text(r.build_s),
                                 seconds_text(r.cold_s),
                                 seconds_text(r.warm_s),
                                 seconds_text(r.predicted_s),
                                 percent_text(r.prediction_error, true),
                                 seconds_text(r.upload_s),
                                 seconds_text(r.resident_s),
                                 seconds_text(r.download_s),
                                 seconds_text(r.overhead_s),
                                 number_text(r.gb_per_s),
                                 number_text(r.gflop_per_s),
                                 percent_text(r.limit_fraction, false),
                                 r.speedup_vs_1_thread ? number_text(r.speedup_vs_1_thread) + " x" : "-",
                                 number_text(r.max_ulp),
                                 r.verified ? "ok"
                                 : r.warm_s ? "WRONG"
                                            : "failed"},
                                paints);
  if (!r.error.empty()) line += "\n    " + r.device + ": " + r.error;
  return line;
}

void print_legend(bool quick, math m) {
  std::cout << "\nn elements; times: measured on this machine's clock or simulated (a model's virtual "
               "clock), predicted is the "
               "plan's quote of warm\nwarm: inputs on the host to result on the host; resident: the kernel "
               "alone; cold: the "
               "first call of a fresh process with empty caches, build is its part"
            << (quick ? " (the largest n of each device)" : "")
            << "\nlimit: part of what the device's calibration says is possible (above 100 % where caches "
               "help); 1 thread: warm time of one "
               "cpu thread "
               "over this row's\nchecked: "
            << (m == math::fast
                    ? "near the kernel read as scalars, on cpu and simulated devices the same bits"
                    : "same bits as the kernel read as scalars")
            << "; max ulp: against wider arithmetic; -: "
               "not measured or without meaning\n";
}

}  // namespace

int run_bench(const common_flags& flags, const bench_flags& wanted) {
  if (check_mode())
    throw failure(exit_usage,
                  "in check mode nothing fuses and every kernel runs twice: unset BUSFARE_CHECK to measure");
  const auto list = chosen(wanted.operations);
  bench::settings how;
  how.quick = wanted.quick;
  how.math = parse_math(wanted.math);
  for (const std::string& each : wanted.sizes) how.sizes.push_back(parse_size(each));
  how.devices = bench_devices(flags);
  std::optional<baseline> earlier;
  for (const std::string& file : wanted.compare) {
    if (earlier)
      earlier->add(baseline(file));
    else
      earlier.emplace(file);
  }
  const output_file json(flags.json), csv(flags.csv), timeline(flags.trace);
  if (timeline.wanted()) record_trace(true);
  if (!wanted.quick) {
    how.row_budget_s = 0.5;
    how.cold_budget_s = how.total_budget_s = 0;
  }
  how.progress = [&](const std::string& what) { show_progress(flags, what); };
  cold_starter start_cold;
  how.cold = [&](const bench::operation& op, std::uint64_t size, const std::string& device) {
    return start_cold(op, size, device, how.math);
  };
  how.one_thread = [&](const bench::operation& op, const std::vector<std::uint64_t>& sizes) {
    return one_thread_in_child(op, sizes, how.math);
  };

  const bool color = use_color(flags);
  const table lines = bench_table(color);
  if (!flags.quiet) {
    const machine_facts m = this_machine();
    std::cout << "busfare " BUSFARE_VERSION " (" << commit_of_build() << "), " << m.cpu << ", " << m.threads
              << " threads, " << bytes_text(static_cast<double>(m.memory_bytes)) << ", " << m.os << ", math "
              << wanted.math << "\n\n"
              << lines.header() << std::endl;
  }
  bench::harness harness(how);
  bench_report report;
  bool good = true;
  for (const bench::operation* op : list) {
    const std::vector<bench::row> rows = harness.measure(*op);
    show_progress(flags, "");
    const auto crossovers = bench::crossovers_of(rows);
    for (const bench::row& each : rows) {
      good = good && each.error.empty() && each.verified;
      if (!flags.quiet) std::cout << row_text(each, lines) << "\n";
    }
    if (!flags.quiet) {
      for (const bench::crossover& c : crossovers) {
        std::cout << painted("    " + op->name + " " + name_of(op->type) + " " + bench::sentence_of(c),
                             paint::bold, color)
                  << "\n";
      }
      std::cout << std::flush;
    }
    report.rows.insert(report.rows.end(), rows.begin(), rows.end());
    report.crossovers.insert(report.crossovers.end(), crossovers.begin(), crossovers.end());
  }
  std::size_t missing = 0;
  if (earlier) {
    report.since = &*earlier;
    report.changes = earlier->changes_to(report.rows, missing);
  }
  if (json.wanted()) json.write(json_of(report));
  if (csv.wanted()) csv.write(csv_of(report));
  if (timeline.wanted()) timeline.write(chrome_trace(recorded_trace()));
  if (!flags.quiet) {
    print_legend(wanted.quick, how.math);
    if (earlier) std::cout << text_of(report.changes, missing, *earlier, color);
  }
  if (!good) throw failure(exit_failed, "some rows failed or gave a wrong result; the others stand");
  const auto slower = std::count_if(report.changes.begin(), report.changes.end(),
                                    [](const change& c) { return c.times.found == bench::verdict::slower; });
  if (slower > 0)
    throw failure(exit_failed, std::to_string(slower) + (slower == 1 ? " time is" : " times are") +
                                   " slower than in " + earlier->file());
  return exit_ok;
}

}  // namespace busfare::cli
