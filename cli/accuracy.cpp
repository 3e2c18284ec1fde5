// busfare accuracy: every operation on every device against a wider reference.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <random>

#include <busfare/busfare.hpp>

#include "accuracy/examine.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "output_file.hpp"
#include "report.hpp"
#include "table.hpp"

namespace busfare::cli {
namespace {

using accuracy::ending;

std::string list_of(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& each : names) all += (all.empty() ? "" : ", ") + each;
  return all;
}

// Each name is one of the names that rows have; throws with all of them.
template <class Name>
void check_names(const char* what, const std::vector<std::string>& names, const Name& name_of_row) {
  std::vector<std::string> known;
  for (const accuracy::row& each : accuracy::rows()) {
    const std::string name = name_of_row(each);
    if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
  }
  for (const std::string& each : names) {
    if (std::find(known.begin(), known.end(), each) == known.end())
      throw failure(exit_usage, std::string("no ") + what + " '" + each + "'; there are " + list_of(known));
  }
}

std::vector<const accuracy::row*> chosen(const accuracy_flags& wanted) {
  check_names("operation", wanted.operations, [](const accuracy::row& r) { return r.facts().name; });
  check_names("type", wanted.types, [](const accuracy::row& r) { return name_of(r.type); });
  const auto asked = [](const std::vector<std::string>& names, const char* name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<const accuracy::row*> found;
  for (const accuracy::row& each : accuracy::rows()) {
    const bool real = each.type == type::f32 || each.type == type::f64;
    if (!asked(wanted.operations, each.facts().name) || !asked(wanted.types, name_of(each.type))) continue;
    // Integers have one meaning in both maths.
    if (wanted.math == "fast" && !real) continue;
    if (wanted.exhaustive && each.sweep == nullptr) continue;
    found.push_back(&each);
  }
  if (!found.empty()) return found;
  throw failure(exit_usage,
                wanted.exhaustive
                    ? "--exhaustive is for operations of one f32; " + list_of(wanted.operations) + " is none"
                    : "no row is left: " + list_of(wanted.operations) + " does not take " +
                          (wanted.types.empty() ? "floats" : list_of(wanted.types)));
}

// Every device that is not simulated: those compute on the cpu.
std::vector<accuracy::place> places_of(const common_flags& flags) {
  const std::vector<std::string> names = checked_devices(flags.devices);
  const bool all = names.empty() || std::find(names.begin(), names.end(), "auto") != names.end();
  std::vector<accuracy::place> found;
  for (const device_description& each : devices()) {
    const bool named = std::find(names.begin(), names.end(), each.name) != names.end();
    if (each.unavailable.empty() && (named || (all && !each.simulated)))
      found.push_back({each.name, each.simulated, each.f64});
  }
  return found;
}

std::uint64_t seed_of(const std::string& text) {
  if (text.empty()) return std::random_device{}();
  std::uint64_t value = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
  if (r.ec != std::errc() || r.ptr != text.data() + text.size())
    throw failure(exit_usage, "--seed " + text + ": is not a number from 0 to 2^64 - 1");
  return value;
}

[[noreturn]] void refuse_all(const std::vector<const accuracy::row*>& rows, const accuracy::examination& e) {
  double sum = 0;
  std::string each_time;
  for (const accuracy::row* each : rows) {
    const double seconds = accuracy::predicted_seconds(*each, e);
    sum += seconds;
    each_time +=
        std::string(each_time.empty() ? "" : ", ") + each->facts().name + " " + seconds_text(seconds);
  }
  throw failure(exit_usage, "--exhaustive needs --op; all " + std::to_string(rows.size()) +
                                " would take about " +
                                std::to_string(static_cast<long long>(std::ceil(sum / 60))) +
                                " minutes here (" + each_time + ")");
}

std::string ulp_text(const accuracy::outcome& o) {
  if (!o.judged() || o.seen.tried == 0) return "-";
  char text[48];
  const double u = o.seen.worst_ulp;
  std::snprintf(text, sizeof text, u == 0 ? "%.0f" : u < 1e4 ? "%.3f" : "%.2e", u);
  return text;
}

std::string text_of(const accuracy::finding& f) {
  if (!f) return "";
  const std::string hex = list_of(f.inputs), decimal = list_of(f.inputs_decimal);
  return hex == decimal ? hex : hex + " (" + decimal + ")";
}

std::string bits_text(const accuracy::outcome& o) {
  if (o.seen.tried == 0) return "-";
  if (o.seen.different == 0) return "same";
  return o.same_bits ? "DIFFER" : "differ";
}

table accuracy_table(bool color) {
  return table({{"op", 10, true},
                {"type", 4, true},
                {"device", 10, true},
                {"math", 5, true},
                {"tried", 10},
                {"worst ulp", 9},
                {"bound", 5},
                {"bits", 6, true},
                {"result", 11, true},
                {"where", 20, true}},
               color);
}

std::string row_text(const accuracy::outcome& o, const table& lines) {
  const ending end = o.end();
  const paint all = o.simulated || end == ending::skipped ? paint::dim : paint::none;
  std::vector<paint> paints(10, all);
  paints[8] = end == ending::ok ? paint::green : end == ending::skipped ? paint::dim : paint::red;
  std::string result = accuracy::name_of(end);
  if (end == ending::ok && !o.judged()) result = "bits only";
  if (o.partial) result += " (partial)";
  std::string line =
      lines.line({o.op, name_of(o.type), o.device, name_of(o.math), std::to_string(o.seen.tried), ulp_text(o),
                  std::to_string(o.bound), bits_text(o), result, o.judged() ? text_of(o.seen.worst) : ""},
                 paints);
  const auto add = [&](const std::string& more) { line += "\n    " + o.device + ": " + more; };
  if (!o.reason.empty()) add(o.reason);
  if (end == ending::above_bound) {
    add(std::to_string(o.seen.above) + " of " + std::to_string(o.seen.tried) +
        " results are above the bound; at " + text_of(o.seen.worst) + " it gave " + o.seen.worst.got +
        " instead of " + o.seen.worst.wanted);
  }
  if (o.same_bits && o.seen.different > 0) {
    add(std::to_string(o.seen.different) + " results have not the bits of the scalar reading; at " +
        text_of(o.seen.first_difference) + " it gave " + o.seen.first_difference.got + " instead of " +
        o.seen.first_difference.wanted);
  }
  return line;
}

void print_rate(const accuracy::outcome& o) {
  std::cout << "    " << o.op << " " << name_of(o.type) << ": " << o.seen.tried << " values in "
            << seconds_text(o.seconds) << ", "
            << number_text(static_cast<double>(o.seen.tried) / o.seconds / 1e6) << " million a second"
            << (o.partial ? "; stopped: the rest of 2^32 was not tried" : "") << std::endl;
}

void print_legend(const accuracy_flags& wanted) {
  const bool wide = accuracy::rows().back().judged_by == accuracy::reference::quad;
  std::cout << "\nworst ulp: the largest error in units in the last place, against "
            << (wanted.exhaustive ? "the C library's double, good to about 1e-8 ulp of f32 (normal_cdf: 1e-6)"
                : wide            ? "libquadmath's 113 bits"
                                  : "long double's 64 bits (-: needs libquadmath, which this build has not)")
            << "; inf: a NaN, an infinity or the sign of a zero where it does not belong\n"
            << "bound: docs/vocabulary.md; 0: one right result, bit for bit\nbits: "
            << (wanted.exhaustive ? "of the first device against the kernel read as scalars, one value in " +
                                        std::to_string(accuracy::sweep_stride) +
                                        "; of the others against the first, all values"
                                  : "against the kernel read as scalars")
            << "\nwhere: operands of the worst result, hexadecimal and decimal; both read back exactly\n"
               "cast and bit_cast are not in the table: they round once or not at all, and the conformance "
               "suite compares their bits\n";
}

}  // namespace

int run_accuracy(const common_flags& flags, const accuracy_flags& wanted) {
  if (!flags.trace.empty()) throw failure(exit_usage, "busfare accuracy writes no timeline");
  accuracy::examination e;
  e.math = parse_math(wanted.math);
  const auto list = chosen(wanted);
  e.places = places_of(flags);
  e.how.seed = seed_of(wanted.seed);
  e.how.random = wanted.quick ? 4000 : 100000;
  e.how.each_kind = wanted.quick ? 1000 : 15000;
  const machine_facts machine = this_machine();
  e.how.threads = machine.threads;
  const output_file json(flags.json), csv(flags.csv);
  if (wanted.exhaustive && wanted.operations.empty()) refuse_all(list, e);
  e.progress = [&](const std::string& what) { show_progress(flags, what); };
  e.stop = [] { return interrupt::seen() != 0; };

  const table lines = accuracy_table(use_color(flags));
  accuracy_report report;
  report.seed = e.how.seed;
  if (!flags.quiet) {
    std::cout << "busfare " BUSFARE_VERSION " (" << commit_of_build() << "), " << machine.cpu << ", "
              << machine.threads << " threads, " << machine.os << ", math " << wanted.math;
    if (!wanted.exhaustive) std::cout << ", seed " << report.seed;
    std::cout << "\n\n" << lines.header() << std::endl;
  }
  const interrupt guard;
  bool good = true;
  for (const accuracy::row* each : list) {
    if (interrupt::seen() != 0) break;
    const auto seen = wanted.exhaustive ? accuracy::examine_all(*each, e) : accuracy::examine(*each, e);
    show_progress(flags, "");
    for (const accuracy::outcome& o : seen) {
      good = good && (o.end() == ending::ok || o.end() == ending::skipped);
      if (!flags.quiet) std::cout << row_text(o, lines) << "\n";
    }
    if (!flags.quiet && wanted.exhaustive) print_rate(seen.front());
    if (!flags.quiet) std::cout << std::flush;
    report.rows.insert(report.rows.end(), seen.begin(), seen.end());
  }
  report.partial = interrupt::seen() != 0;
  if (json.wanted()) json.write(json_of(report));
  if (csv.wanted()) csv.write(csv_of(report));
  if (!flags.quiet) print_legend(wanted);
  if (!good) throw failure(exit_failed, "some results are not what was promised; the table says which");
  if (report.partial)
    throw failure(128 + interrupt::seen(), "interrupted: the table is partial, the rest was not tried");
  return exit_ok;
}

}  // namespace busfare::cli
