// Checks what the user typed before anything is computed.
#include "common_flags.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include <busfare/runtime.hpp>

#include "exit_code.hpp"

namespace busfare::cli {
namespace {

bool parse_number(const char* begin, const char* end, std::uint64_t& value) {
  const auto r = std::from_chars(begin, end, value);
  return r.ec == std::errc() && r.ptr == end && begin != end;
}

[[noreturn]] void bad_size(const std::string& text, const std::string& why) {
  throw failure(exit_usage,
                "--size " + text + ": " + why + "; write a number of elements such as 1000000 or 2^20");
}

}  // namespace

std::uint64_t parse_size(const std::string& text) {
  constexpr std::uint64_t limit = std::uint64_t{1} << 62;
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  std::uint64_t value = 0;
  if (digits) {
    if (!parse_number(text.data(), text.data() + text.size(), value) || value > limit)
      bad_size(text, "is more than 2^62");
  } else if (text.size() > 2 && text.compare(0, 2, "2^") == 0 &&
             text.find_first_not_of("0123456789", 2) == std::string::npos) {
    std::uint64_t power = 0;
    if (!parse_number(text.data() + 2, text.data() + text.size(), power) || power > 62)
      bad_size(text, "is more than 2^62");
    value = std::uint64_t{1} << power;
  } else {
    bad_size(text, "is not a size");
  }
  if (value == 0) bad_size(text, "there is nothing to compute");
  return value;
}

math parse_math(const std::string& text) {
  for (const math m : {math::exact, math::fast})
    if (text == name_of(m)) return m;
  throw failure(exit_usage, "--math " + text + ": is neither exact nor fast");
}

std::vector<std::string> checked_devices(const std::vector<std::string>& names) {
  std::vector<std::string> found;
  const auto all = devices();
  for (const std::string& name : names) {
    if (std::find(found.begin(), found.end(), name) != found.end()) continue;
    if (name != "auto") {
      std::string here, why;
      bool known = false;
      for (const device_description& each : all) {
        // "opencl" describes the module that "opencl:0" would come from.
        const bool module =
            !each.unavailable.empty() && name.compare(0, each.name.size() + 1, each.name + ":") == 0;
        if (each.name == name) known = each.unavailable.empty();
        if ((each.name == name || module) && !each.unavailable.empty()) {
          why = each.unavailable + (each.remedy.empty() ? "" : "; " + each.remedy);
        }
        if (each.unavailable.empty()) here += (here.empty() ? "" : ", ") + each.name;
      }
      if (!known) {
        throw failure(exit_no_device,
                      "no device '" + name + "'" + (why.empty() ? "" : ": " + why) + "; here are: " + here);
      }
    }
    found.push_back(name);
  }
  return found;
}

std::string one_device(const common_flags& flags) {
  const auto names = checked_devices(flags.devices);
  if (names.size() > 1)
    throw failure(exit_usage, "this subcommand takes one --device, not " + std::to_string(names.size()));
  return names.empty() ? "auto" : names.front();
}

bool use_color(const common_flags& flags) {
  const char* no = std::getenv("NO_COLOR");
  return !flags.no_color && (no == nullptr || *no == '\0') && isatty(STDOUT_FILENO) == 1;
}

void show_progress(const common_flags& flags, const std::string& what) {
  if (flags.quiet || isatty(STDERR_FILENO) != 1) return;
  std::fprintf(stderr, "\r\033[K%s", what.c_str());
  std::fflush(stderr);
}

}  // namespace busfare::cli
