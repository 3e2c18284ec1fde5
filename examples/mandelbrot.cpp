// The Mandelbrot set in the terminal: a loop that ends at another step for every element.
#include <iostream>
#include <tuple>

#include <busfare/busfare.hpp>

namespace bf = busfare;

int main() {
  const auto steps = bf::generate(bf::extents(24, 72), [](auto row, auto column) {
    auto cx = bf::cast<float>(column) / 72.0f * 3.0f - 2.25f;
    auto cy = bf::cast<float>(row) / 24.0f * 2.5f - 1.25f;
    auto last = bf::iterate(
        100, bf::state(0.0f, 0.0f, 0), [](auto x, auto y, auto) { return x * x + y * y < 4.0f; },
        [=](auto x, auto y, auto n) { return bf::state(x * x - y * y + cx, 2.0f * x * y + cy, n + 1); });
    return std::get<2>(last);
  });
  const auto picture = steps.host();
  for (std::size_t i = 0; i < picture.size(); ++i) {
    std::cout << " .:-=+*#%@"[picture[i] >= 100 ? 9 : picture[i] % 9] << (i % 72 == 71 ? "\n" : "");
  }
  // The middle of the cardioid never leaves, the corner does at once.
  return picture[12 * 72 + 50] == 100 && picture[0] < 3 ? 0 : 1;
}
