// Shipped profiles as a table in the program, so that simulated devices need no files: see shipped.hpp.
// profile_shipped_test compares it with profiles/*.json number by number.
#include "model/shipped.hpp"

#include <charconv>
#include <utility>

#include <busfare/error.hpp>

namespace busfare::model {

namespace {

struct row {
  const char* name;
  const char* description;
  std::uint64_t capacity;
  double up, down;                    // pinned, bytes per second
  double up_factor, down_factor;      // under opposite traffic
  double pageable_up, pageable_down;  // bytes per second
  double submit, launch;              // seconds
  double memory, f32, f64;            // bytes per second, flops per second
  const char* link_source;
  const char* duplex_source;
  const char* pageable_source;
  const char* memory_source;
  const char* flops_source;
  const char* f64_source;
};

constexpr const char* assumed = "assumed; replace by a measurement";

// Numbers and their origins: a survey of published measurements (2012-2026), see each row's words.
constexpr row rows[] = {
    {"h200-pcie5",
     "NVIDIA H200 on PCIe 5 x16",
     141'000'000'000,
     55.3e9,
     55.1e9,
     0.95,
     0.62,
     15e9,
     12e9,
     4e-6,
     5e-6,
     4.3e12,
     60e12,
     30e12,
     "public nvbandwidth log of an H800, which has the same link",
     "public nvbandwidth log of an H800, both ways at once: up 52.8, down 34.4 GB/s",
     assumed,
     "vendor's 4.8 TB/s times 0.9",
     "OpenCL-Benchmark log of a GH200, which has the same GPU: 63 TFLOP/s",
     "OpenCL-Benchmark log of a GH200: 31.3 TFLOP/s"},
    {"a100-pcie4",
     "NVIDIA A100 on PCIe 4 x16",
     80'000'000'000,
     26e9,
     26e9,
     0.46,
     0.96,
     10e9,
     8e9,
     3e-6,
     5e-6,
     1.4e12,
     19e12,
     9.5e12,
     "nvbandwidth issues 11 and 53: 25 to 26 GB/s",
     "nvbandwidth issue 53, both ways at once: up 11 to 13, down 24 to 25 GB/s",
     assumed,
     assumed,
     "vendor's 19.5 TFLOP/s, rounded down",
     "vendor's 9.7 TFLOP/s, rounded down"},
    {"gh200-c2c",
     "NVIDIA GH200 on NVLink-C2C",
     96'000'000'000,
     360e9,
     297e9,
     0.5,
     0.5,
     360e9,
     297e9,
     3e-6,
     5e-6,
     3.6e12,
     63e12,
     31.3e12,
     "nvbandwidth issue 23: 346 to 375 up, 297 down",
     "ml-engineering log of a GB300: 0.49 and 0.46",
     "page tables are shared: as pinned",
     "OpenCL-Benchmark log: 3.61 read, 3.70 write",
     "OpenCL-Benchmark log: 63.0 TFLOP/s",
     "OpenCL-Benchmark log: 31.3 TFLOP/s"},
    {"p100-pcie3",
     "NVIDIA P100 on PCIe 3 x16",
     16'000'000'000,
     12.2e9,
     12.9e9,
     0.9,
     0.9,
     5.5e9,
     5e9,
     4e-6,
     6e-6,
     550e9,
     9e12,
     4.5e12,
     "gearshifft and dask-cuda threads: 12.2 up, 12.9 down",
     assumed,
     "dask-cuda thread: 5 to 6 GB/s",
     assumed,
     "vendor's 9.3 TFLOP/s, rounded down",
     "vendor's 4.7 TFLOP/s, rounded down"},
    {"rtx4090-pcie4",
     "NVIDIA RTX 4090 on PCIe 4 x16",
     24'000'000'000,
     23.9e9,
     26.6e9,
     0.85,
     0.85,
     18e9,
     12e9,
     3e-6,
     5e-6,
     930e9,
     75e12,
     1.17e12,
     "cuda-oxide pull request 976: 22.5 to 23.9 up, 25.4 to 26.6 down",
     assumed,
     "cuda-oxide pull request 976: up 12.9 to 18.4, down 9.2 to 12.3 GB/s",
     assumed,
     assumed,
     "1/64 of the assumed f32 rate"},
};

constexpr double engine_start = 2e-6;  // alpha of a pinned copy

provenance origin(const char* text) noexcept {
  return text == assumed ? provenance::synthetic : provenance::datasheet;
}

link_curve curve(const char* memory, direction way, const row& r, double rate, double factor) {
  link_curve c;
  c.memory = memory;
  c.way = way;
  c.submit_seconds = r.submit;
  c.segments = {{UINT64_MAX, engine_start, 1 / rate}};
  c.duplex_factor = factor;
  c.residual_q10 = 0.7;  // figures of other machines: a wide interval
  c.residual_q90 = 1.5;
  c.source = provenance::datasheet;
  return c;
}

device_profile profile_of(const row& r) {
  device_profile p;
  p.device = std::string("sim:") + r.name;
  p.description = r.description;
  p.fingerprint = std::string("simulated ") + r.name + " 1";
  p.capacity_bytes = r.capacity;
  p.when = "2026-11-23";
  p.library = BUSFARE_VERSION;
  p.links = {curve("pinned", direction::upload, r, r.up, r.up_factor),
             curve("pinned", direction::download, r, r.down, r.down_factor),
             curve("pageable", direction::upload, r, r.pageable_up, r.up_factor),
             curve("pageable", direction::download, r, r.pageable_down, r.down_factor)};
  p.rates.launch_seconds = r.launch;
  p.rates.build_seconds = 0.05;
  p.rates.build_seconds_per_operation = 0.0002;
  p.rates.bytes_per_second = r.memory;
  p.rates.flops_per_second_f32 = r.f32;
  p.rates.flops_per_second_f64 = r.f64;
  p.rates.source = provenance::datasheet;
  const auto say = [&p](const std::string& number, const char* text) {
    p.sources.push_back({number, origin(text), text});
  };
  say("capacity_bytes", "vendor's figure");
  for (const char* memory : {"pinned", "pageable"})
    for (const char* way : {"upload", "download"}) {
      const std::string at = std::string("links.") + memory + "." + way + ".";
      say(at + "submit_seconds", assumed);
      say(at + "seconds", assumed);
      say(at + "seconds_per_byte", memory[1] == 'i' ? r.link_source : r.pageable_source);
      say(at + "duplex_factor", r.duplex_source);
      say(at + "residual", assumed);
    }
  say("rates.launch_seconds", "clpeak README and dispatch blogs: launch costs of 4 to 6 us");
  say("rates.build_seconds", assumed);
  say("rates.build_seconds_per_operation", assumed);
  for (const char* rate : {"run_seconds", "submit_seconds", "cached_build_seconds"})
    say(std::string("rates.") + rate, "left out: a simulated device has no host beside it and no cache");
  for (const char* rate : {"divisions_per_second_f32", "divisions_per_second_f64"})
    say(std::string("rates.") + rate, "not known: a division counts sixteen flops");
  say("rates.bytes_per_second", r.memory_source);
  say("rates.flops_per_second_f32", r.flops_source);
  say("rates.flops_per_second_f64", r.f64_source);
  return p;
}

double slow_option(std::string_view options, std::string_view name) {
  const auto refuse = [&](const std::string& why) {
    error::details d;
    d.device = printable(name);
    d.hint = "the only option is slow=N with N from 1 to 1000000";
    throw error(error_class::invalid_argument, why, std::move(d));
  };
  if (options.substr(0, 6) == "clock=")
    refuse("simulated devices run on the virtual clock only; leave `" + printable(options) + "` out");
  if (options.substr(0, 5) != "slow=") refuse("unknown option `" + printable(options) + "`");
  const std::string_view number = options.substr(5);
  double factor = 0;
  const auto [end, code] =
      std::from_chars(number.data(), number.data() + number.size(), factor, std::chars_format::fixed);
  if (code != std::errc{} || end != number.data() + number.size() || !(factor >= 1 && factor <= 1e6))
    refuse("`slow=" + printable(number) + "` is not a number from 1 to 1000000");
  return factor;
}

}  // namespace

const std::vector<std::string>& shipped_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const row& r : rows) all.emplace_back(r.name);
    return all;
  }();
  return names;
}

device_profile shipped_profile(std::string_view name) {
  for (const row& r : rows)
    if (name == r.name) return profile_of(r);
  error::details d;
  d.device = "sim:" + printable(name);
  d.hint = "simulated devices are";
  for (const row& r : rows) d.hint += std::string(&r == &rows[0] ? " sim:" : ", sim:") + r.name;
  throw error(error_class::unavailable, "there is no such simulated device", std::move(d));
}

device_profile simulated_profile(std::string_view device_name) {
  std::string_view rest = device_name;
  if (rest.substr(0, 4) == "sim:") rest.remove_prefix(4);
  const std::size_t mark = rest.find('?');
  device_profile p = shipped_profile(rest.substr(0, mark));
  if (mark != std::string_view::npos) {
    slow_down(p, slow_option(rest.substr(mark + 1), device_name));
    p.fingerprint += " " + std::string(rest.substr(mark + 1));
  }
  p.device = "sim:" + std::string(rest);
  return p;
}

void slow_down(device_profile& profile, double factor) noexcept {
  for (link_curve& link : profile.links)
    for (segment& s : link.segments) s.seconds_per_byte *= factor;
  profile.rates.bytes_per_second /= factor;
  profile.rates.flops_per_second_f32 /= factor;
  profile.rates.flops_per_second_f64 /= factor;
  profile.rates.divisions_per_second_f32 /= factor;
  profile.rates.divisions_per_second_f64 /= factor;
}

}  // namespace busfare::model
