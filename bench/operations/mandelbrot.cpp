// mandelbrot: iteration counts of the plane's best known corner; generate with iterate, at most 256 steps.
#include <cmath>

#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

constexpr std::int64_t most_steps = 256;

constexpr auto steps_of = [](auto row, auto column, auto rows, auto columns) {
  const auto cx = (busfare::cast<float>(column) + 0.5f) / columns * 3.0f - 2.25f;
  const auto cy = (busfare::cast<float>(row) + 0.5f) / rows * 2.5f - 1.25f;
  const auto last = busfare::iterate(
      most_steps, busfare::state(0.0f, 0.0f, std::int32_t{0}),
      [](auto x, auto y, auto) { return x * x + y * y < 4.0f; },
      [=](auto x, auto y, auto steps) {
        return busfare::state(x * x - y * y + cx, 2.0f * x * y + cy, steps + std::int32_t{1});
      });
  return std::get<2>(last);
};

std::int32_t scalar_steps(std::uint64_t row, std::uint64_t column, float rows, float columns) {
  using index = scalar<std::int64_t>;
  return steps_of(index{static_cast<std::int64_t>(row)}, index{static_cast<std::int64_t>(column)},
                  scalar<float>{rows}, scalar<float>{columns})
      .v;
}

// The most square shape of n pixels.
extents shape_for(std::uint64_t n) {
  auto rows = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(n)));
  while (rows > 1 && n % rows != 0) --rows;
  return {rows, n / rows};
}

struct mandelbrot_f32 {
  static auto inputs(std::uint64_t) { return std::tuple<>{}; }
  static auto record(const options& how, std::uint64_t n) {
    const extents shape = shape_for(n);
    return std::make_tuple(
        generate(how, shape, steps_of, static_cast<float>(shape[0]), static_cast<float>(shape[1])));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In&, const Out& out) {
    const extents shape = shape_for(n);
    const std::uint64_t columns = shape[1];
    const auto& got = std::get<0>(out);
    comparison so_far(allowed);
    for_sample(n, 4096, [&](std::uint64_t i) {
      so_far.bits(
          i, got[i],
          scalar_steps(i / columns, i % columns, static_cast<float>(shape[0]), static_cast<float>(columns)));
    });
    return so_far.result();
  }
};

// The steps that pixels really take, on average; a step is 7 operations and its test 3, of which 2 are
// shared.
double flops_per_pixel() {
  static const double flops = [] {
    double steps = 0;
    for (std::uint64_t i = 0; i < 4096; ++i) steps += scalar_steps(i / 64, i % 64, 64, 64);
    return steps / 4096 * 8;
  }();
  return flops;
}

}  // namespace

void add_mandelbrot(std::vector<operation>& list) {
  list.push_back({"mandelbrot",
                  type::f32,
                  "iteration counts, at most 256 steps a pixel",
                  {1u << 10, 1u << 14, 1u << 18, 1u << 20},
                  {1u << 8, 1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20, 1u << 22},
                  std::uint64_t{1} << 36,
                  [](std::uint64_t n) { return flops_per_pixel() * static_cast<double>(n); },
                  per_element(4),
                  per_element(4),
                  make_job<mandelbrot_f32>});
}

}  // namespace busfare::bench
