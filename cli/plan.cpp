// busfare plan: the quote of one operation, without running it.
#include <iostream>

#include <busfare/busfare.hpp>

#include "commands.hpp"
#include "exit_code.hpp"
#include "measure.hpp"
#include "operation.hpp"
#include "output_file.hpp"
#include "report.hpp"

namespace busfare::cli {

int run_plan(const common_flags& flags, const std::string& operation, const std::string& size) {
  const auto found = bench::find_operations(operation);
  if (found.empty()) {
    std::string names;
    for (const auto& each : bench::operations())
      names += (names.empty() ? "" : ", ") + each.name + ":" + name_of(each.type);
    throw failure(exit_usage, "no operation '" + operation + "'; there are " + names);
  }
  if (!flags.csv.empty()) throw failure(exit_usage, "busfare plan writes no CSV; use --json");
  if (!flags.trace.empty()) throw failure(exit_usage, "busfare plan runs nothing, so it has no --trace");
  const std::uint64_t n = parse_size(size);
  const std::string device = one_device(flags);
  const output_file json(flags.json);
  const bench::operation& op = *found.front();
  bench::check_size(op, n);
  bench::place where;
  where.device = device;
  if (device != "auto") where = bench::place_of(device);
  const plan quoted = op.make(n, where)->quote();
  json.write(json_of(quoted, op.name, n));
  std::cout << op.name << " (" << op.what << "), " << name_of(op.type) << ", " << n
            << " elements; every time is predicted" << (quoted.simulated ? " for a simulated device" : "")
            << "\n"
            << quoted;
  return exit_ok;
}

}  // namespace busfare::cli
