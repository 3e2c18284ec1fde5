// Reads /proc, uname and what the build was told.
#include "machine.hpp"

#include <ctime>
#include <fstream>
#include <sched.h>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#ifndef BUSFARE_COMMIT
#define BUSFARE_COMMIT "unknown"
#endif

namespace busfare::cli {
namespace {

// The value of the first line "key : value" or "key=value"; quotes are taken off.
std::string value_in(const char* file, const std::string& key, char separator) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const auto at = line.find(separator);
    if (at == std::string::npos) continue;
    std::string value = line.substr(at + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '"')) value.erase(0, 1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '"')) value.pop_back();
    return value;
  }
  return "";
}

}  // namespace

machine_facts this_machine() {
  machine_facts m;
  m.cpu = value_in("/proc/cpuinfo", "model name", ':');
  utsname u{};
  const bool named = ::uname(&u) == 0;
  if (m.cpu.empty()) m.cpu = named ? u.machine : "unknown";
  m.os = value_in("/etc/os-release", "PRETTY_NAME", '=');
  if (named) m.os += (m.os.empty() ? "" : ", ") + std::string(u.sysname) + " " + u.release;
  cpu_set_t set;
  m.threads = sched_getaffinity(0, sizeof set, &set) == 0
                  ? CPU_COUNT(&set)
                  : static_cast<int>(std::thread::hardware_concurrency());
  const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGE_SIZE);
  if (pages > 0 && size > 0)
    m.memory_bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size);
  return m;
}

const char* commit_of_build() noexcept { return BUSFARE_COMMIT; }

std::string date_now() {
  const std::time_t t = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&t, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace busfare::cli
