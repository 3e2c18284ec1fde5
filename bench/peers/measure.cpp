// Interleaved timing of a contest: see contest.hpp.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>

#include "contest.hpp"

namespace busfare::peers {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double quantile(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
  const double x = q * static_cast<double>(v.size() - 1);
  const auto i = static_cast<std::size_t>(x);
  const std::size_t j = std::min(i + 1, v.size() - 1);
  return v[i] + (x - static_cast<double>(i)) * (v[j] - v[i]);
}

// Seconds of all cores that were busy since boot; < 0 where the system does not tell.
double machine_seconds() {
  std::ifstream stat("/proc/stat");
  std::string word;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0;
  if (!(stat >> word >> user >> nice >> system >> idle >> wait >> irq >> soft >> steal)) return -1;
  return (user + nice + system + irq + soft + steal) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double own_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Whether a thread of this process beside the calling one runs or wants to. Times of the process would tell
// too late: the kernel adds up what a running thread takes at its ticks, up to 10 ms apart.
bool others_run() {
  const std::string self = std::to_string(gettid());
  std::error_code failed;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", failed)) {
    if (task.path().filename() == self) continue;
    std::ifstream stat(task.path() / "stat");
    std::string text;
    std::getline(stat, text);
    // The state follows the name, which stands in parentheses and may hold any character.
    const std::size_t name_end = text.rfind(')');
    if (name_end != std::string::npos && name_end + 2 < text.size() && text[name_end + 2] == 'R') return true;
  }
  return false;
}

// Workers of OpenMP wait for the next loop by spinning, and would take a core from whoever runs next; 0.2 s
// is long after all of them have gone to sleep.
void let_workers_sleep() {
  for (int tries = 0, quiet = 0; tries < 100 && quiet < 2; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    quiet = others_run() ? 0 : quiet + 1;
  }
}

bool close(const std::vector<double>& a, const std::vector<double>& b, const contest& c) {
  if (a.size() != b.size() || a.empty()) return false;
  std::size_t outside = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (!(std::abs(a[i] - b[i]) <= c.tolerance * std::max(std::abs(a[i]), c.least))) ++outside;
  }
  return static_cast<double>(outside) <= c.strays * static_cast<double>(a.size());
}

}  // namespace

std::vector<double> sampled(const float* values, std::uint64_t n) {
  const std::uint64_t step = std::max<std::uint64_t>(1, n / 4096);
  std::vector<double> out;
  for (std::uint64_t i = 0; i < n && out.size() < 4096; i += step)
    out.push_back(static_cast<double>(values[i]));
  return out;
}

std::vector<row> measure(const planned_contest& planned, int rounds) {
  const contest c = planned.prepare();
  std::vector<const contender*> all{&c.ours};
  for (const contender& p : c.peers) all.push_back(&p);
  if (!c.limit.name.empty()) all.push_back(&c.limit);
  for (int warm = 0; warm < 2; ++warm)
    for (const contender* each : all) each->run();
  const std::vector<double> expected = c.ours.result();
  std::vector<std::vector<double>> times(all.size());
  const double machine = machine_seconds(), own = own_seconds(), start = now();
  for (int r = 0; r < rounds; ++r) {
    for (std::size_t k = 0; k < all.size(); ++k) {
      const std::size_t which = (k + static_cast<std::size_t>(r)) % all.size();
      let_workers_sleep();
      const auto clock = [&] { return all[which]->clock ? all[which]->clock() : now(); };
      const double begin = clock();
      for (int i = 0; i < c.repeat; ++i) all[which]->run();
      times[which].push_back((clock() - begin) / c.repeat);
    }
  }
  const double others =
      machine < 0 ? -1
                  : std::max(0.0, (machine_seconds() - machine - (own_seconds() - own)) / (now() - start));
  const double ours = quantile(times[0], 0.5);
  std::vector<row> rows;
  for (std::size_t k = 1; k < all.size(); ++k) {
    row r{planned.op, c.type, c.size, planned.device,
          all[k] == &c.limit ? "limit: " + c.limit.name : all[k]->name};
    std::vector<double> ratios;
    for (std::size_t i = 0; i < times[k].size(); ++i) ratios.push_back(times[k][i] / times[0][i]);
    r.peer_s = quantile(times[k], 0.5);
    r.ours_s = ours;
    r.ratio = quantile(ratios, 0.5);
    r.ratio_low = quantile(ratios, 0.1);
    r.ratio_high = quantile(ratios, 0.9);
    if (!c.limit.name.empty()) r.limit_fraction = quantile(times.back(), 0.5) / ours;
    r.disturbed = others;
    const std::vector<double> theirs = all[k]->result();
    r.agrees = theirs.empty() || close(expected, theirs, c);
    r.excused = all[k]->loses_digits;
    r.flops = c.flops;
    rows.push_back(std::move(r));
  }
  return rows;
}

}  // namespace busfare::peers
