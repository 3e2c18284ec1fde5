// The program of scripts/peers: runs the contests, prints a table, writes JSON.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "peers.hpp"
#include "row_json.hpp"

namespace {

using busfare::peers::row;

void print(const row& r) {
  std::printf("%-30s %-4s %10llu  %-8s %-44s %10.1f us %10.1f us  %7.2f [%5.2f .. %5.2f]", r.op.c_str(),
              r.type.c_str(), static_cast<unsigned long long>(r.size), r.device.c_str(), r.peer.c_str(),
              r.ours_s * 1e6, r.peer_s * 1e6, r.ratio, r.ratio_low, r.ratio_high);
  if (r.limit_fraction > 0)
    std::printf("  %5.2f", r.limit_fraction);
  else
    std::printf("      -");
  std::printf("  %4.2f  %s", r.disturbed, r.agrees ? "yes" : r.excused ? "no, it loses digits" : "NO");
  if (r.flops > 0)
    std::printf("  %.1f GFLOP/s, peer %.1f", r.flops / r.ours_s * 1e-9, r.flops / r.peer_s * 1e-9);
  std::printf("\n");
  std::fflush(stdout);
}

bool number(const char* text, std::uint64_t low, std::uint64_t high, std::uint64_t& out) {
  char* end = nullptr;
  errno = 0;
  out = std::strtoull(text, &end, 10);
  return errno == 0 && *text >= '0' && *text <= '9' && *end == 0 && out >= low && out <= high;
}

}  // namespace

int main(int argc, char** argv) {
  std::string file, only;
  std::uint64_t size = std::uint64_t{1} << 25, rounds = 15;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    const bool fine =
        value != nullptr &&
        ((name == "--json" && !(file = value).empty()) || (name == "--only" && !(only = value).empty()) ||
         (name == "--size" && number(value, 1u << 10, std::uint64_t{1} << 32, size)) ||
         (name == "--rounds" && number(value, 3, 1000, rounds)));
    if (!fine) {
      std::fprintf(stderr,
                   "usage: busfare_peers [--json FILE] [--only TEXT] [--size N] [--rounds N]\n"
                   "  --only    contests with TEXT in \"operation device\", as in \"nbody opencl\"\n"
                   "  --size    elements of the streaming contests, 2^10 to 2^32 (2^25)\n"
                   "  --rounds  timed rounds of each contest, 3 to 1000 (15)\n");
      return 2;
    }
  }
  // Before the minutes of measuring; what an older file holds stays until there is something to write.
  if (!file.empty() && !std::ofstream(file, std::ios::app)) {
    std::fprintf(stderr, "peers: cannot write %s\n", file.c_str());
    return 1;
  }
  try {
    std::printf("%-30s %-4s %10s  %-8s %-44s %13s %13s  %7s %16s  %5s  %4s  %s\n", "op", "type", "size",
                "device", "peer", "ours", "peer", "ratio", "10 % .. 90 %", "limit", "busy", "agrees");
    auto rows = nlohmann::ordered_json::array();
    bool agree = true;
    std::string names;
    const auto run = [&](const std::vector<busfare::peers::planned_contest>& contests) {
      for (const auto& c : contests) {
        const std::string name = c.op + " " + c.device;
        names += "  " + name + "\n";
        if (name.find(only) == std::string::npos) continue;
        for (const row& r : busfare::peers::measure(c, static_cast<int>(rounds))) {
          print(r);
          rows.push_back(busfare::peers::json_of(r));
          agree = agree && (r.agrees || r.excused);
        }
      }
    };
    run(busfare::peers::streaming_contests(size));
    run(busfare::peers::heat_contests());
    run(busfare::peers::compute_contests(size));
    run(busfare::peers::small_contests());
    run(busfare::peers::region_contests());
#if defined(BUSFARE_PEERS_OPENCL)
    std::vector<std::string> skipped;
    run(busfare::peers::opencl_contests(size, skipped));
    for (const std::string& why : skipped) std::printf("skipped: %s\n", why.c_str());
#else
    std::printf("skipped: opencl: built without OpenCL headers and library\n");
#endif
#if defined(BUSFARE_PEERS_CUDA)
    run(busfare::peers::cuda_contests(std::uint64_t{1} << 28));
#endif
    if (rows.empty()) {
      std::fprintf(stderr, "peers: no contest has '%s' in its name; there are\n%s", only.c_str(),
                   names.c_str());
      return 2;
    }
    std::printf(
        "\nours, peer: median seconds of one run; ratio: peer / ours, paired round by round; limit: the "
        "hand-written "
        "loop's time / ours;\nbusy: cores that other processes used meanwhile; agrees: the results are the "
        "same "
        "within rounding\n");
    if (!file.empty()) {
      if (!busfare::peers::write_rows(file, rows)) {
        std::fprintf(stderr, "peers: cannot write %s\n", file.c_str());
        return 1;
      }
    }
    if (!agree) std::fprintf(stderr, "peers: results differ, see the last column\n");
    return agree ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "peers: %s\n", e.what());
    return 1;
  }
}
