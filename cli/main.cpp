// The program `busfare`: flags, subcommands, and one place where errors become exit codes.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>

#include <busfare/config.hpp>
#include <busfare/error.hpp>

#include "child.hpp"
#include "commands.hpp"
#include "exit_code.hpp"
#include "machine.hpp"

namespace {

using namespace busfare::cli;

// What a command writes. The help leaves out the rest, which is still understood, to be refused with a
// reason.
struct outputs {
  bool json = false, csv = false, trace = false;
};

void add_common(CLI::App& command, common_flags& flags, const outputs& writes) {
  const auto shown = [](CLI::Option* o, bool there) {
    if (!there) o->group("");
  };
  command
      .add_option("--device", flags.devices,
                  "auto, cpu, opencl:0, sim:h200-pcie5; bench and accuracy take several, with commas")
      ->delimiter(',');
  shown(command.add_option("--json", flags.json, "Write the figures to this file"), writes.json);
  shown(command.add_option("--csv", flags.csv, "Write the rows to this file"), writes.csv);
  shown(command.add_option("--trace", flags.trace, "Write a timeline to this file, for ui.perfetto.dev"),
        writes.trace);
  command.add_flag("--quiet", flags.quiet, "No text on stdout but what was asked for, no progress");
  command.add_flag("--no-color", flags.no_color, "No colours; NO_COLOR in the environment does the same");
}

int dispatch(int count, char** arguments) {
  CLI::App app("Runs one piece of C++ where the whole job ends first, and says what the crossing costs");
  app.name("busfare");
  app.require_subcommand(1);
  app.set_version_flag("--version", "busfare " BUSFARE_VERSION " (" + std::string(commit_of_build()) + ")");
  app.footer(
      "Exit codes: 0 fine, 1 failed, 2 usage, 3 no such device, 130 stopped by Ctrl-C (143 by SIGTERM)");

  common_flags flags;
  CLI::App& devices =
      *app.add_subcommand("devices", "What is here, what is unavailable and why, links, calibration");
  add_common(devices, flags, {});

  bench_flags benched;
  CLI::App& bench =
      *app.add_subcommand("bench", "Compares the backends: one row per operation, type, size and device");
  add_common(bench, flags, {.json = true, .csv = true, .trace = true});
  bench.add_flag("--quick", benched.quick, "Few sizes, under a minute");
  bench
      .add_option("--math", benched.math, "exact: the same bits everywhere; fast: the device's own functions")
      ->capture_default_str();
  bench.add_option("--op", benched.operations, "Only these: triad, triad:f64, sum, ...")->delimiter(',');
  bench.add_option("--size", benched.sizes, "Only these element counts: 1000, 2^20, ...")->delimiter(',');

  bench
      .add_option(
          "--compare", benched.compare,
          "What changed since the runs of one build whose --json files these are, with commas; ends with 1 "
          "where something is slower")
      ->delimiter(',');

  std::string operation, size;
  CLI::App& plan = *app.add_subcommand("plan", "The quote of one operation; nothing runs");
  add_common(plan, flags, {.json = true});
  plan.add_option("op", operation, "The operation, e.g. triad or triad:f64")->required();
  plan.add_option("--size", size, "Elements: 1000, 2^20")->required();

  demo_flags shown;
  CLI::App& demo = *app.add_subcommand("demo", "Pictures, computed on any device");
  add_common(demo, flags, {.trace = true});
  demo.add_option("name", shown.name, "mandelbrot, or photo")->required();
  demo.add_option("pictures", shown.inputs, "photo: PNG and JPEG files to edit");
  demo.add_option("-o,--out", shown.out,
                  "mandelbrot: the PNG file [mandelbrot.png]; photo: the folder of NAME-edited.png and "
                  "NAME-thumbnail.png [.]");
  demo.add_option("--at-once", shown.at_once, "photo: pictures at a time")->capture_default_str();
  demo.add_option("--width", shown.width, "Pixels")->capture_default_str();
  demo.add_option("--height", shown.height, "Pixels")->capture_default_str();
  demo.add_option("--iterations", shown.iterations, "Most steps of a pixel")->capture_default_str();

  accuracy_flags judged;
  CLI::App& accuracy =
      *app.add_subcommand("accuracy", "Every operation on every device against a wider reference: ULP table");
  add_common(accuracy, flags, {.json = true, .csv = true});
  accuracy.add_flag("--quick", judged.quick, "Few values, some seconds");
  accuracy.add_flag("--exhaustive", judged.exhaustive, "All 2^32 values of each f32 operation given by --op");
  accuracy.add_option("--op", judged.operations, "Only these: exp, sin, ...")->delimiter(',');
  accuracy.add_option("--type", judged.types, "Only these: f32, f64, i32, ...")->delimiter(',');
  accuracy.add_option("--seed", judged.seed, "Of the random values; the table says it");
  accuracy
      .add_option("--math", judged.math, "exact: the same bits everywhere; fast: the device's own functions")
      ->capture_default_str();

  CLI::App& version = *app.add_subcommand("version", "Version and commit");

  // What the program starts itself with; no group: not in the help.
  std::string child_operation, child_device, child_math;
  std::vector<std::string> child_sizes;
  CLI::App& cold = *app.add_subcommand("bench-cold", "")->group("");
  cold.add_option("op", child_operation)->required();
  cold.add_option("size", size)->required();
  cold.add_option("device", child_device)->required();
  cold.add_option("math", child_math)->required();
  CLI::App& single = *app.add_subcommand("bench-one-thread", "")->group("");
  single.add_option("op", child_operation)->required();
  single.add_option("math", child_math)->required();
  single.add_option("sizes", child_sizes)->required();

  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_ok : exit_usage;
  }

  if (devices.parsed()) return run_devices(flags);
  if (bench.parsed()) return run_bench(flags, benched);
  if (plan.parsed()) return run_plan(flags, operation, size);
  if (accuracy.parsed()) return run_accuracy(flags, judged);
  if (demo.parsed()) return run_demo(flags, shown);
  if (version.parsed()) std::cout << "busfare " BUSFARE_VERSION " (" << commit_of_build() << ")\n";
  if (cold.parsed())
    return run_bench_cold(child_operation, parse_size(size), child_device, parse_math(child_math));
  std::vector<std::uint64_t> sizes;
  for (const std::string& each : child_sizes) sizes.push_back(parse_size(each));
  if (single.parsed()) return run_bench_one_thread(child_operation, sizes, parse_math(child_math));
  return exit_ok;
}

int complain(int code, const char* what) {
  std::cout << std::flush;
  std::fprintf(stderr, "busfare: %s\n", what);
  return code;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const int code = dispatch(count, arguments);
    std::cout << std::flush;
    if (!std::cout) return complain(exit_failed, "stdout could not be written");
    return code;
  } catch (const failure& e) {
    return complain(e.code(), e.what());
  } catch (const busfare::error& e) {
    return complain(e.kind() == busfare::error_class::unavailable ? exit_no_device : exit_failed, e.what());
  } catch (const std::bad_alloc&) {
    return complain(exit_failed, "out of memory");
  } catch (const std::exception& e) {
    return complain(exit_failed, e.what());
  }
}
