// busfare demo: which demo, and mandelbrot, a picture that is computed on any device.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>

#include <busfare/busfare.hpp>

#include "commands.hpp"
#include "exit_code.hpp"
#include "output_file.hpp"
#include "png.hpp"
#include "table.hpp"

namespace busfare::cli {
namespace {

// Steps until the orbit leaves a wide circle, and how far out it then is (for smooth colours).
constexpr auto orbit = [](auto row, auto column, auto left, auto top, auto pixel, auto most) {
  const auto cx = left + (busfare::cast<float>(column) + 0.5f) * pixel;
  const auto cy = top + (busfare::cast<float>(row) + 0.5f) * pixel;
  const auto last = busfare::iterate(
      most, busfare::state(0.0f, 0.0f, std::int32_t{0}),
      [](auto x, auto y, auto) { return x * x + y * y < 64.0f; },
      [=](auto x, auto y, auto steps) {
        return busfare::state(x * x - y * y + cx, 2.0f * x * y + cy, steps + std::int32_t{1});
      });
  const auto x = std::get<0>(last);
  const auto y = std::get<1>(last);
  return std::make_tuple(std::get<2>(last), x * x + y * y);
};

// Night blue, sky, cream, amber, brown, and round again; black inside.
void paint_pixel(std::int32_t steps, float norm, std::int64_t most, unsigned char* rgb) {
  constexpr double stops[][3] = {{9, 12, 72}, {32, 107, 203}, {237, 255, 255}, {255, 170, 0}, {74, 24, 8}};
  constexpr int count = 5;
  if (steps >= most || !(norm >= 64.0f)) {
    rgb[0] = rgb[1] = rgb[2] = 0;
    return;
  }
  const double smooth = std::max(0.0, steps + 1 - std::log2(0.5 * std::log2(static_cast<double>(norm))));
  const double at = std::fmod(0.75 * std::sqrt(smooth + 1), static_cast<double>(count));
  const int from = std::min(static_cast<int>(at), count - 1), to = (from + 1) % count;
  const double part = at - from;
  for (int k = 0; k < 3; ++k) {
    rgb[k] = static_cast<unsigned char>(std::lround(stops[from][k] + part * (stops[to][k] - stops[from][k])));
  }
}

void check(const char* flag, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  throw failure(exit_usage, std::string(flag) + " " + std::to_string(value) + ": between " +
                                std::to_string(least) + " and " + std::to_string(most) + ", please");
}

}  // namespace

int run_demo(const common_flags& flags, const demo_flags& wanted) {
  const bool photo = wanted.name == "photo";
  if (!photo && wanted.name != "mandelbrot")
    throw failure(exit_usage, "no demo '" + wanted.name + "'; there are mandelbrot and photo");
  if (!flags.json.empty() || !flags.csv.empty())
    throw failure(exit_usage, "busfare demo writes no JSON or CSV");
  check("--at-once", wanted.at_once, 1, 64);
  if (photo) return run_demo_photo(flags, wanted);
  if (!wanted.inputs.empty())
    throw failure(exit_usage, "busfare demo mandelbrot reads no pictures; busfare demo photo does");
  check("--width", wanted.width, 1, 32768);
  check("--height", wanted.height, 1, 32768);
  check("--iterations", wanted.iterations, 1, 1000000);
  check("--width times --height", wanted.width * wanted.height, 1, std::int64_t{1} << 28);
  const std::string device = one_device(flags);
  const output_file out(wanted.out.value_or("mandelbrot.png")), timeline(flags.trace);
  if (timeline.wanted()) record_trace(true);
  if (!out.wanted()) throw failure(exit_usage, "--out needs a file name");

  const double width = static_cast<double>(wanted.width), height = static_cast<double>(wanted.height);
  const double pixel = std::max(3.2 / width, 2.4 / height);
  const auto begin = std::chrono::steady_clock::now();
  const extents shape{static_cast<std::size_t>(wanted.height), static_cast<std::size_t>(wanted.width)};
  const auto [steps, norms] =
      generate(on(device), shape, orbit, static_cast<float>(-0.7 - pixel * width / 2),
               static_cast<float>(-pixel * height / 2), static_cast<float>(pixel), wanted.iterations);
  const receipt r = run(steps, norms);
  const auto counts = steps.host();
  const auto distances = norms.host();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  std::vector<unsigned char> rgb(counts.size() * 3);
  for (std::size_t i = 0; i < counts.size(); ++i)
    paint_pixel(counts[i], distances[i], wanted.iterations, &rgb[3 * i]);
  const std::string png = png_of(rgb, static_cast<int>(wanted.width), static_cast<int>(wanted.height));
  if (png.empty()) throw failure(exit_failed, "no memory for the PNG of " + out.name());
  out.write(png);
  if (timeline.wanted()) timeline.write(chrome_trace(recorded_trace()));

  if (!flags.quiet) {
    std::cout << out.name() << ": " << wanted.width << " x " << wanted.height << " pixels, at most "
              << wanted.iterations << " steps each, on " << r.plan.device << " in ";
    if (r.plan.simulated) {
      std::cout << seconds_text(r.measured.total()) << " (simulated; the results are real)\n";
    } else {
      std::cout << seconds_text(seconds) << " (measured; kernel " << seconds_text(r.measured.kernel)
                << ", build " << seconds_text(r.measured.build) << ")\n";
    }
  }
  return exit_ok;
}

}  // namespace busfare::cli
