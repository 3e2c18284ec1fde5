// The program of scripts/peers --functions: each function beside its peers, a table and JSON.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>

#include <busfare/busfare.hpp>

#include "functions/functions.hpp"
#include "peers/row_json.hpp"

namespace {

using namespace busfare::functions;
using busfare::peers::contest;
using busfare::peers::row;

/// Whose rows are marked: ours takes more than this many times the peer's time.
constexpr double slow = 1.5;

struct settings {
  std::string file, op, type, device;
  std::uint64_t size = std::uint64_t{1} << 17, rounds = 31, seed = 1;
};

template <class T> shared_operands<T> drawn(const function& f, const settings& s) {
  std::mt19937_64 random(s.seed);
  auto x = std::make_shared<operands<T>>();
  const auto fill = [&](std::vector<T>& v, double low, double high) {
    v.resize(s.size);
    for (T& each : v)
      each = static_cast<T>(low + (high - low) * (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53);
  };
  fill(x->a, f.low[0], f.high[0]);
  if (f.operands == 2) fill(x->b, f.low[1], f.high[1]);
  return x;
}

/// Runs in one timed sample: about a millisecond, so that few samples are interrupted.
int repeats_of(const contender& c) {
  using clock = std::chrono::steady_clock;
  double least = 1;
  for (int i = 0; i < 3; ++i) {
    const auto begin = clock::now();
    c.run();
    least = std::min(least, std::chrono::duration<double>(clock::now() - begin).count());
  }
  return static_cast<int>(std::clamp(1e-3 / least, 1.0, 100.0));
}

/// Prints the row and gives its JSON; `fine` becomes false where results differ.
template <class T>
nlohmann::ordered_json compared(const function& f, const std::string& device, const settings& s, bool& fine) {
  const shared_operands<T> x = drawn<T>(f, s);
  contest c{f.name, type_name<T>, s.size, device, ours<T>(f.name, device, x), {}, {}};
  c.peers.push_back(device == "cpu" ? packs<T>(f.name, x) : own_function<T>(f.name, device, x));
  // Of the result itself. Far more than rounding, far less than a wrong function.
  c.tolerance = std::is_same_v<T, float> ? 1e-4 : 1e-10;
  c.least = static_cast<double>(std::numeric_limits<T>::min());
  c.repeat = repeats_of(c.ours);
  const row r = busfare::peers::measure(c, static_cast<int>(s.rounds)).front();
  const double our_ulp = worst_ulp(f.name, *x, c.ours.result());
  const double peer_ulp = worst_ulp(f.name, *x, c.peers[0].result());
  const double n = static_cast<double>(s.size);
  const double times = 1 / r.ratio;
  std::printf("%-10s %-4s %-9s %-34s %8.3f %8.3f  %6.2f [%5.2f .. %5.2f] %-6s %9.2f %9.3g  %4.2f  %s\n",
              f.name, r.type.c_str(), device.c_str(), r.peer.c_str(), r.ours_s / n * 1e9, r.peer_s / n * 1e9,
              times, 1 / r.ratio_high, 1 / r.ratio_low, times > slow ? "slower" : "", our_ulp, peer_ulp,
              r.disturbed, r.agrees ? "yes" : "NO");
  std::fflush(stdout);
  fine = fine && r.agrees;
  auto j = busfare::peers::json_of(r);
  j["times"] = times;
  j["ours_worst_ulp"] = our_ulp;
  j["peer_worst_ulp"] = peer_ulp;
  return j;
}

bool number(const char* text, std::uint64_t low, std::uint64_t high, std::uint64_t& out) {
  char* end = nullptr;
  errno = 0;
  out = std::strtoull(text, &end, 10);
  return errno == 0 && *text >= '0' && *text <= '9' && *end == 0 && out >= low && out <= high;
}

bool read_arguments(int argc, char** argv, settings& s) {
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (value == nullptr) return false;
    bool fine = true;
    if (name == "--json")
      s.file = value;
    else if (name == "--op")
      s.op = value;
    else if (name == "--type")
      s.type = value;
    else if (name == "--device")
      s.device = value;
    else if (name == "--size")
      fine = number(value, 64, 1u << 24, s.size) && s.size % 64 == 0;
    else if (name == "--rounds")
      fine = number(value, 3, 1000, s.rounds);
    else if (name == "--seed")
      fine = number(value, 0, UINT64_MAX, s.seed);
    else
      fine = false;
    if (!fine) return false;
  }
  return true;
}

/// "cpu" and the OpenCL devices that are here, or the one that was asked for.
std::vector<std::string> devices_of(const settings& s) {
  std::vector<std::string> all;
  for (const auto& d : busfare::devices()) {
    const bool compared = d.name == "cpu" || d.name.starts_with("opencl:");
    if (compared && d.unavailable.empty() && (s.device.empty() || s.device == d.name)) {
      std::printf("%s: %s\n", d.name.c_str(), d.description.c_str());
      all.push_back(d.name);
    }
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  if (!read_arguments(argc, argv, s)) {
    std::fprintf(
        stderr,
        "usage: busfare_functions [--json FILE] [--op NAME] [--type f32|f64] [--device cpu|opencl:N]\n"
        "                         [--size N] [--rounds N] [--seed N]\n"
        "  --size    elements, a multiple of 64 up to 2^24 (2^17)\n"
        "  --rounds  timed rounds of each contest, 3 to 1000 (31)\n"
        "  --seed    of the operands (1)\n");
    return 2;
  }
  // One thread on each side: a function's speed, not that of a pool. PoCL reads the second one.
  setenv("BUSFARE_THREADS", "1", 1);
  setenv("POCL_MAX_PTHREAD_COUNT", "1", 1);
  try {
    const auto devices = devices_of(s);
    std::printf("seed %llu, %llu elements, one thread, xsimd's packs for %s\n",
                static_cast<unsigned long long>(s.seed), static_cast<unsigned long long>(s.size),
                packs_instruction_set());
    std::printf("%-10s %-4s %-9s %-34s %8s %8s  %6s %16s %-6s %9s %9s  %4s  %s\n", "function", "type",
                "device", "peer", "ours ns", "peer ns", "times", "10 % .. 90 %", "", "ours ULP", "peer ULP",
                "busy", "agrees");
    auto rows = nlohmann::ordered_json::array();
    bool agree = true;
    for (const function& f : all_functions) {
      if (!s.op.empty() && s.op != f.name) continue;
      for (const std::string& device : devices) {
        if (s.type != "f64") rows.push_back(compared<float>(f, device, s, agree));
        if (s.type != "f32") rows.push_back(compared<double>(f, device, s, agree));
      }
    }
    std::printf(
        "\nours, peer: median ns per element; times: ours / peer, paired round by round; slower: above %.1f; "
        "ULP: "
        "largest error of\nthese elements beside long double; busy: cores that other processes used "
        "meanwhile; "
        "agrees: within 1e-4 (f32), 1e-10 (f64)\nof the result\n",
        slow);
    if (!s.file.empty() && !busfare::peers::write_rows(s.file, rows)) {
      std::fprintf(stderr, "functions: cannot write %s\n", s.file.c_str());
      return 1;
    }
    if (!agree) std::fprintf(stderr, "functions: results differ, see the last column\n");
    return agree ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "functions: %s\n", e.what());
    return 1;
  }
}
