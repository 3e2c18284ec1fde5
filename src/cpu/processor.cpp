// Facts about this machine's processor, and the choice of the instruction set.
#include "cpu/processor.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <busfare/error.hpp>

namespace busfare::cpu {

namespace {

std::string model_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with("model name")) continue;
    std::string name;
    for (const char c : std::string_view(line).substr(colon + 1)) {
      const bool space = c == ' ' && (name.empty() || name.back() == ' ');
      if (c >= ' ' && c <= '~' && !space && name.size() < 128) name += c;
    }
    if (!name.empty()) return name;
  }
#if defined(__aarch64__)
  return "aarch64 processor";
#else
  return "x86-64 processor";
#endif
}

std::size_t last_level_cache() {
  constexpr long mib = 1024 * 1024;
  long bytes = 0;
#if defined(_SC_LEVEL3_CACHE_SIZE)
  bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
  if (bytes <= 0) bytes = 32 * mib;
  return static_cast<std::size_t>(std::min(bytes, 64 * mib));  // virtual machines report the host's
}

processor read_processor() {
  processor p;
  p.model = model_name();
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0) p.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
  p.last_level_cache = last_level_cache();
  return p;
}

}  // namespace

const processor& this_processor() {
  static const processor p = read_processor();
  return p;
}

bool supports(isa i) noexcept {
  if (i == isa::base) return true;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (i == isa::avx2) return avx2;
  return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

isa choose_isa() {
  constexpr isa all[] = {isa::avx512, isa::avx2, isa::base};
  const char* wanted = std::getenv("BUSFARE_ISA");
  std::string have;
  for (const isa i : all) {
    if (!supports(i)) continue;
    if (wanted == nullptr || std::string_view(wanted) == name_of(i)) return i;
    have += (have.empty() ? "" : ", ") + std::string(name_of(i));
  }
  error::details d;
  d.device = "cpu";
  d.hint = "unset it, or choose one of: " + have;
  const std::string_view value = wanted;
  const bool known = std::any_of(std::begin(all), std::end(all), [&](isa i) { return value == name_of(i); });
  throw error(error_class::invalid_argument,
              "BUSFARE_ISA is \"" + printable(value) + "\", " +
                  (known ? "which this processor does not have" : "not one of base, avx2, avx512"),
              std::move(d));
}

}  // namespace busfare::cpu
