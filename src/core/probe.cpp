// The kernels and runs that calibration times: see probe.hpp.
#include "core/probe.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <random>
#include <vector>

#include <busfare/algorithm.hpp>
#include <busfare/runtime.hpp>

#include "core/canonical.hpp"
#include "core/dialect/emit.hpp"
#include "core/executor.hpp"
#include "model/fit.hpp"

namespace busfare::core {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t small = 64;  // elements of a kernel that does next to nothing

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

// The first run brings inputs over, makes the output's pages and pays for late compilation: the median of the
// later ones counts. On a slow device (an interpreter, a sanitized build) a run is long enough for one to do.
template <class Record> double kernel_seconds(const Record& record) {
  constexpr std::size_t most = 5;
  constexpr double budget_seconds = 0.1;
  (void)run(record());
  const clock::time_point start = clock::now();
  std::vector<double> seconds;
  while (seconds.empty() || (seconds.size() < most && seconds_since(start) < budget_seconds))
    seconds.push_back(run(record()).measured.kernel);
  return model::median(std::move(seconds));
}

constexpr int rounds = 64;

// Four independent chains, so that neither latency nor memory decides.
template <class T> double flops_seconds(const std::string& name, std::uint64_t n) {
  const auto x = adopt(std::vector<T>(n, T(0.5)));
  return kernel_seconds([&] {
    return map(
        on(name),
        [](auto v) {
          const auto [a, b, c, d] =
              fold(rounds, state(+v, v + T(0.25), v + T(0.5), v + T(0.75)),
                   [](auto s, auto t, auto u, auto w, auto) {
                     return busfare::state(fma(s, T(0.999), T(0.001)), fma(t, T(0.998), T(0.002)),
                                           fma(u, T(0.997), T(0.003)), fma(w, T(0.996), T(0.004)));
                   });
          return (a + b) + (c + d);
        },
        x);
  });
}

// x -> 1.5 / x swings between two values: every quotient is an ordinary number.
template <class T> double divisions_seconds(const std::string& name, std::uint64_t n) {
  const auto x = adopt(std::vector<T>(n, T(1.25)));
  return kernel_seconds([&] {
    return map(
        on(name),
        [](auto v) {
          const auto [a, b, c, d] =
              fold(rounds / 4, state(+v, v + T(0.25), v + T(0.5), v + T(0.75)),
                   [](auto s, auto t, auto u, auto w, auto) {
                     return busfare::state(T(1.5) / s, T(1.75) / t, T(2.25) / u, T(2.5) / w);
                   });
          return (a + b) + (c + d);
        },
        x);
  });
}

// Small arrays that are on the device, and runs of small kernels on them.
class small_runs {
 public:
  explicit small_runs(std::string name) : name_(std::move(name)) {
    for (std::size_t i = 0; i < here_.size(); ++i) here_[i] = copy_of(std::vector<float>(small, 0.5f));
    for (std::size_t i = 0; i < apart_.size(); ++i)
      apart_[i] = copy_of(std::vector<float>(small + 1 + i, 0.5f));
    (void)overhead(1, 0);
    (void)overhead(4, 0);
  }

  // Arrays of different extents do not fuse: each is a launch of the same kernel.
  double overhead(int launches, int uploads) {
    if (launches > 1) {
      std::array<array<float>, 4> made;
      for (std::size_t i = 0; i < made.size(); ++i)
        made[i] = map(
            on(name_), [](auto v) { return v + 1.0f; }, apart_[i]);
      return run(made[0], made[1], made[2], made[3]).measured.overhead;
    }
    std::array<array<float>, 4> inputs = here_;
    if (uploads > 0)
      for (auto& each : inputs) each = copy_of(std::vector<float>(small, 0.5f));
    last_ = map(
        on(name_), [](auto a, auto b, auto c, auto d) { return (a + b) + (c + d); }, inputs[0], inputs[1],
        inputs[2], inputs[3]);
    return run(last_).measured.overhead;
  }

  double read_overhead() {
    (void)overhead(1, 0);
    const detail::array_handle a = detail::handle_of(last_);
    return execute({&a, 1}, true, "calibration").measured.overhead;
  }

 private:
  std::string name_;
  std::array<array<float>, 4> here_, apart_;
  array<float> last_;
};

// A program that no cache can hold yet: one of its literals is drawn.
program_ptr fresh_program() {
  std::random_device entropy;
  const float drawn = 1.0f + static_cast<float>(entropy() >> 9) * 0x1p-23f;
  program p;
  p.arguments = {{backend::parameter_kind::element, type::f32}};
  p.stored = {type::f32};
  const auto add = [&](op o, std::uint64_t bits, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    p.nodes.push_back({o, value_type::f32, 0, {a, b, c}, bits});
    return static_cast<std::uint32_t>(p.nodes.size() - 1);
  };
  constexpr std::uint32_t none = program_node::none;
  const std::uint32_t x = add(op::input, 0, none, none, none);
  const std::uint32_t y = add(op::literal, std::bit_cast<std::uint32_t>(drawn), none, none, none);
  std::uint32_t sum = x;
  for (int i = 0; i < 16; ++i) sum = add(op::fma, 0, sum, x, y);
  p.results = {sum};
  return canonical(std::move(p));
}

// Builds, launches twice; what the first takes more than the second is the build. `cached`: a cache had it.
double build_seconds(backend::device& device, const backend::build_request& what, bool& cached) {
  struct memory {
    backend::device& device;
    backend::block block;
    explicit memory(backend::device& d)
        : device(d),
          block(d.allocate(small * sizeof(float), d.info().shares_host_memory
                                                      ? backend::memory_kind::mapped
                                                      : backend::memory_kind::device)) {}
    memory(const memory&) = delete;
    memory& operator=(const memory&) = delete;
    ~memory() { device.release(block); }
  };
  const memory in(device), out(device);
  const std::unique_ptr<backend::queue> queue = device.open(backend::engine::compute);
  const backend::argument arguments[] = {{in.block}, {out.block}};
  backend::launch l;
  l.arguments = arguments;
  l.shape[0] = l.count = small;
  const auto launched = [&](backend::executable& kernel) {
    const auto start = clock::now();
    queue->run(kernel, l);
    queue->mark()->wait(std::chrono::nanoseconds::max());
    return seconds_since(start);
  };
  const auto start = clock::now();
  const std::unique_ptr<backend::executable> kernel = device.build(what);
  const double built = seconds_since(start);
  cached = kernel->from_cache();
  const double first = launched(*kernel);
  return std::max(0.0, built + first - launched(*kernel));
}

build_times time_builds(device_slot& slot) {
  const program_ptr p = fresh_program();
  const generated text = emit_map(*p, slot.info.dialect);
  const std::array<backend::parameter, 2> parameters = {
      {{backend::parameter_kind::element, type::f32}, {backend::parameter_kind::result, type::f32}}};
  backend::build_request request;
  request.parameters = parameters;
  request.source = text.source;
  request.entry = text.entry;
  build_times t;
  bool cached = false;
  t.full = build_seconds(*slot.device, request, cached);
  if (slot.from == nullptr) return t;
  // Opened once more the device knows of nothing but what lies on the disk.
  const std::unique_ptr<backend::device> again = slot.from->open(services(), slot.info.name);
  const double seconds = build_seconds(*again, request, cached);
  if (cached) t.cached = seconds;
  return t;
}

}  // namespace

calibration_probe probe_on(device_slot& slot) {
  const std::string name = slot.info.name;
  calibration_probe p;
  p.triad_seconds = [name](std::uint64_t n) {
    const auto b = adopt(std::vector<float>(n, 1.5f)), c = adopt(std::vector<float>(n, 0.25f));
    return kernel_seconds([&] {
      return map(
          on(name), [](auto x, auto y) { return x + 0.5f * y; }, b, c);
    });
  };
  p.flops_per_element = 8 * rounds;
  p.flops_seconds = [name](std::uint64_t n) { return flops_seconds<float>(name, n); };
  p.flops_f64_seconds = [name](std::uint64_t n) { return flops_seconds<double>(name, n); };
  p.divisions_per_element = rounds;
  p.divisions_seconds = [name](std::uint64_t n) { return divisions_seconds<float>(name, n); };
  p.divisions_f64_seconds = [name](std::uint64_t n) { return divisions_seconds<double>(name, n); };
  p.launch_seconds = [name] {
    const auto x = adopt(std::vector<float>(small, 0.5f));
    return kernel_seconds([&] {
      return map(
          on(name), [](auto v) { return v + 1.0f; }, x);
    });
  };
  const auto runs = std::make_shared<small_runs>(name);
  p.run_overhead = [runs](int launches, int uploads) { return runs->overhead(launches, uploads); };
  p.read_overhead = [runs] { return runs->read_overhead(); };
  // Kernels of the host's dialect are compiled into the program.
  if (slot.info.dialect != "host") p.builds = [&slot] { return time_builds(slot); };
  return p;
}

}  // namespace busfare::core
