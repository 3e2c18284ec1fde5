// The quick calibration: see calibrate.hpp.
#include "core/calibrate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <busfare/error.hpp>

#include "model/fit.hpp"

namespace busfare::core {

namespace {

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

class device_memory {
 public:
  device_memory(backend::device& device, std::size_t bytes, backend::memory_kind kind)
      : device_(device), block_(device.allocate(bytes, kind)) {}
  ~device_memory() { device_.release(block_); }
  device_memory(const device_memory&) = delete;
  device_memory& operator=(const device_memory&) = delete;
  [[nodiscard]] const backend::block& get() const noexcept { return block_; }

 private:
  backend::device& device_;
  backend::block block_;
};

// The engine's own time where the device tells it, else what the host saw.
double time_copy(backend::queue& queue, const backend::block& to, const backend::block& from,
                 std::size_t bytes) {
  const clock::time_point start = clock::now();
  queue.copy(to, from, bytes);
  const std::unique_ptr<backend::event> end = queue.mark();
  queue.flush();
  while (!end->wait(std::chrono::seconds(1))) {
  }
  const double seen = seconds_since(start);
  if (const std::optional<backend::span_ns> span = end->times(); span && span->end > span->start)
    return static_cast<double>(span->end - span->start) * 1e-9;
  return seen;
}

// `shared`: the fence of memory that both sides use; else copies.
std::vector<link_curve> measure_links(backend::device& device, bool shared, double budget_seconds) {
  constexpr std::size_t sizes[] = {std::size_t{64} << 10, std::size_t{1} << 20, std::size_t{16} << 20};
  constexpr std::size_t largest = sizes[2];
  const clock::time_point start = clock::now();
  const device_memory there(
      device, largest,
      device.info().shares_host_memory ? backend::memory_kind::mapped : backend::memory_kind::device);
  // Two host buffers with random bytes: untouched or constant pages would be moved too fast.
  std::vector<std::uint64_t> words(2 * largest / sizeof(std::uint64_t));
  std::mt19937_64 random(20261123);
  for (std::uint64_t& w : words) w = random() | 1;
  const auto host = [&](std::size_t half, std::size_t bytes) {
    void* const at = reinterpret_cast<std::byte*>(words.data()) + half * largest;
    return backend::block{at, 0, bytes, backend::memory_kind::pageable, at};
  };
  const std::unique_ptr<backend::queue> up = device.open(backend::engine::upload);
  const std::unique_ptr<backend::queue> down = device.open(backend::engine::download);
  std::vector<model::sample> uploads, downloads;
  const auto once = [&](std::size_t bytes, bool keep) {
    backend::block device_side = there.get();
    device_side.bytes = bytes;
    backend::block source = host(0, bytes), target = host(1, bytes);
    if (shared)
      source = target = {there.get().host, 0, bytes, backend::memory_kind::pageable, there.get().host};
    const double u = time_copy(*up, device_side, source, bytes);
    const double d = time_copy(*down, target, device_side, bytes);
    if (!keep) return;
    uploads.push_back({bytes, u});
    downloads.push_back({bytes, d});
  };
  once(largest, false);  // warms link and pages
  for (int round = 0; round < 9 && (round < 3 || seconds_since(start) < budget_seconds); ++round)
    for (std::size_t i = 0; i < 3; ++i) once(sizes[round % 2 == 0 ? i : 2 - i], true);

  std::vector<link_curve> links;
  for (const direction way : {direction::upload, direction::download}) {
    const std::vector<model::sample>& samples = way == direction::upload ? uploads : downloads;
    link_curve link;
    link.memory = shared ? "mapped" : "pageable";
    link.way = way;
    link.source = provenance::measured;
    if (shared) {
      std::vector<double> fences;
      for (const model::sample& s : samples) fences.push_back(s.seconds);
      link.segments = {{UINT64_MAX, model::median(fences), 0}};
    } else {
      model::fit_curve(link, samples);
    }
    if (!link.segments.empty()) links.push_back(std::move(link));
  }
  return links;
}

double median_of(const std::function<double()>& run, int times) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) all.push_back(run());
  return model::median(std::move(all));
}

// Lower quartiles: whatever disturbs a run only makes it longer. Where the difference of two is lost in the
// noise it is taken for nothing.
void measure_overheads(const calibration_probe& probe, bool host_itself, device_profile& p) {
  if (!probe.run_overhead) return;
  constexpr int samples = 15, many = 4;
  // Interleaved, so that a disturbance meets all of them.
  std::vector<double> one, several, fed, read;
  for (int i = -3; i < samples; ++i) {  // the first three make plans, build, and wake whatever sleeps
    const double a = probe.run_overhead(1, 0), b = probe.run_overhead(many, 0),
                 c = probe.run_overhead(1, many);
    const double d = probe.read_overhead ? probe.read_overhead() : 0;
    if (i < 0) continue;
    one.push_back(a);
    several.push_back(b);
    fed.push_back(c);
    read.push_back(d);
  }
  const double alone = model::quantile(one, 0.25);
  p.rates.submit_seconds = std::clamp((model::quantile(several, 0.25) - alone) / (many - 1), 0.0, alone);
  p.rates.run_seconds = alone - p.rates.submit_seconds;
  if (p.links.empty() || host_itself) return;  // nothing ever crosses
  const double upload = std::max(0.0, (model::quantile(fed, 0.25) - alone) / many),
               download = model::quantile(read, 0.25);
  for (link_curve& link : p.links) link.submit_seconds = link.way == direction::upload ? upload : download;
}

// Elements per second: grows the size until a run takes 5 ms (or the budget ends), then the best of three,
// because what disturbs a run only makes it longer.
double rate_of(const std::function<double(std::uint64_t)>& run, double launch, double budget_seconds) {
  if (!run) return 0;
  const clock::time_point start = clock::now();
  std::uint64_t n = std::uint64_t{1} << 18;
  double t = run(n);  // the first touch, which counts only where there is no time for another
  if (seconds_since(start) < budget_seconds) t = run(n);
  while (t < 0.005 && n < (std::uint64_t{1} << 24) && seconds_since(start) < budget_seconds) {
    n *= 4;
    t = run(n);
  }
  for (int i = 0; i < 2 && seconds_since(start) < budget_seconds; ++i) t = std::min(t, run(n));
  const double net = t > 2 * launch ? t - launch : t;
  const double rate = net > 0 ? static_cast<double>(n) / net : 0;
  return std::isfinite(rate) ? rate : 0;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  if (gmtime_r(&now, &parts) == nullptr) return {};
  char text[16];
  const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return {text, n};
}

}  // namespace

device_profile quick_calibrate(backend::device& device, const calibration_probe& probe) {
  const backend::device_info& info = device.info();
  if (info.virtual_clock) {
    error::details d;
    d.device = info.name;
    d.hint = "a simulated device keeps its shipped profile";
    throw error(error_class::invalid_argument, "a device with a virtual clock cannot be calibrated",
                std::move(d));
  }
  device_profile p;
  p.device = info.name;
  p.description = info.description;
  p.fingerprint = info.fingerprint;
  p.capacity_bytes = info.capacity;
  p.when = today();
  p.library = BUSFARE_VERSION;
  const bool host_itself = info.shares_host_memory && info.dialect == "host";
  if (info.shares_host_memory) p.links = measure_links(device, true, 0.1);
  // What is not aligned for sharing is copied.
  if (!host_itself) {
    for (link_curve& link : measure_links(device, false, 0.3)) p.links.push_back(std::move(link));
  }
  p.rates.source = provenance::measured;
  if (probe.launch_seconds) {
    (void)probe.launch_seconds();
    p.rates.launch_seconds = std::max(0.0, median_of(probe.launch_seconds, 9));
  }
  const double launch = p.rates.launch_seconds;
  p.rates.bytes_per_second = rate_of(probe.triad_seconds, launch, 0.2) * probe.triad_bytes_per_element;
  p.rates.flops_per_second_f32 = rate_of(probe.flops_seconds, launch, 0.2) * probe.flops_per_element;
  const auto divisions = [&](const auto& run) {
    return rate_of(run, launch, 0.1) * probe.divisions_per_element;
  };
  p.rates.divisions_per_second_f32 = divisions(probe.divisions_seconds);
  if (info.f64) {
    p.rates.flops_per_second_f64 = rate_of(probe.flops_f64_seconds, launch, 0.1) * probe.flops_per_element;
    p.rates.divisions_per_second_f64 = divisions(probe.divisions_f64_seconds);
  }
  measure_overheads(probe, host_itself, p);
  if (probe.builds) {
    const build_times builds = probe.builds();
    p.rates.build_seconds = std::max(0.0, builds.full);
    p.rates.cached_build_seconds = std::max(0.0, builds.cached);
  }
  return p;
}

}  // namespace busfare::core
