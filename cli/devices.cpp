// busfare devices: what is here, what is not and why, links, and whether it was measured.
#include <iostream>

#include <busfare/runtime.hpp>

#include "commands.hpp"
#include "exit_code.hpp"
#include "table.hpp"

namespace busfare::cli {
namespace {

std::string rate_text(double bytes_per_second) { return number_text(bytes_per_second / 1e9) + " GB/s"; }

// "upload 11.2 us + 24.1 GB/s": start cost and asymptotic rate of the last segment.
std::string link_text(const link_curve& link) {
  std::string s = std::string(name_of(link.way)) + ", " + link.memory + " memory: ";
  if (link.segments.empty()) return s + "not known";
  const std::string host =
      link.submit_seconds > 0 ? ", the host's part " + seconds_text(link.submit_seconds) : "";
  if (link.memory == "mapped")
    return s + "nothing is copied, a fence costs " + seconds_text(link.segments.front().seconds) + host;
  const segment& last = link.segments.back();
  s += seconds_text(link.predict(1)) + " to start";
  if (last.seconds_per_byte > 0) s += ", then " + rate_text(1 / last.seconds_per_byte);
  s += host;
  return s;
}

void print_profile(const device_profile& p, const table& lines) {
  for (const link_curve& each : p.links) {
    std::cout << lines.line({"", "link", link_text(each) + " (" + name_of(each.source) + ")"}) << "\n";
  }
  const device_rates& r = p.rates;
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (r.bytes_per_second > 0) add("memory " + rate_text(r.bytes_per_second));
  if (r.flops_per_second_f32 > 0) add("f32 " + number_text(r.flops_per_second_f32 / 1e9) + " GFLOP/s");
  if (r.flops_per_second_f64 > 0) add("f64 " + number_text(r.flops_per_second_f64 / 1e9) + " GFLOP/s");
  if (r.divisions_per_second_f32 > 0)
    add("f32 divisions " + number_text(r.divisions_per_second_f32 / 1e9) + " G/s");
  if (r.launch_seconds > 0) add("launch " + seconds_text(r.launch_seconds));
  if (r.submit_seconds > 0) add("host time of a launch " + seconds_text(r.submit_seconds));
  if (r.run_seconds > 0) add("and of a run " + seconds_text(r.run_seconds));
  if (r.build_seconds > 0) add("build " + seconds_text(r.build_seconds));
  if (r.cached_build_seconds > 0) add("from the cache " + seconds_text(r.cached_build_seconds));
  if (!text.empty()) std::cout << lines.line({"", "rates", text + " (" + name_of(r.source) + ")"}) << "\n";
  std::cout << lines.line({"", "profile", "of " + (p.when.empty() ? std::string("an unknown day") : p.when)})
            << "\n";
}

}  // namespace

int run_devices(const common_flags& flags) {
  if (!flags.json.empty() || !flags.csv.empty() || !flags.trace.empty()) {
    throw failure(
        exit_usage,
        "busfare devices prints text only; --json, --csv and --trace belong to bench (--json to plan, "
        "--trace to demo, too)");
  }
  const auto only = checked_devices(flags.devices);
  const bool color = use_color(flags);
  const table lines({{"device", 18, true}, {"", 9, true}, {"", 20, true}}, color);
  std::cout << painted("device              what is known of it (each figure: where it comes from)",
                       paint::bold, color)
            << "\n";
  for (const device_description& each : devices()) {
    bool listed = only.empty();
    for (const std::string& name : only) listed = listed || name == "auto" || name == each.name;
    if (!listed) continue;
    if (!each.unavailable.empty()) {
      std::cout << lines.line({each.name, "not here", each.unavailable}, {paint::bold, paint::red}) << "\n";
      if (!each.remedy.empty()) std::cout << lines.line({"", "remedy", each.remedy}) << "\n";
      continue;
    }
    std::string facts = each.description;
    if (each.compute_units > 0)
      facts += ", " + std::to_string(each.compute_units) + (each.name == "cpu" ? " threads" : " units");
    if (each.capacity > 0) facts += ", " + bytes_text(static_cast<double>(each.capacity));
    if (!each.f64) facts += ", no f64";
    if (each.shares_host_memory) facts += ", shares the host's memory";
    std::cout << lines.line({each.name, each.simulated ? "simulated" : "here", facts},
                            {paint::bold, each.simulated ? paint::dim : paint::green})
              << "\n";
    const std::string before = each.simulated    ? "a model's figures, not this machine's"
                               : each.calibrated ? "measured earlier and stored"
                                                 : "not measured before; measured now";
    show_progress(flags, "measuring " + each.name);
    try {
      const device_profile p = profile_of(each.name);
      show_progress(flags, "");
      std::cout << lines.line({"", "figures", before}) << "\n";
      print_profile(p, lines);
    } catch (const error& e) {
      show_progress(flags, "");
      std::cout << lines.line({"", "figures", std::string("not measured: ") + e.what()},
                              {paint::none, paint::red})
                << "\n";
    }
  }
  return exit_ok;
}

}  // namespace busfare::cli
