// Heat spreading over a plate: each step sees the neighbours of every cell through a window.
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <vector>

#include <busfare/busfare.hpp>

namespace bf = busfare;

int main(int count, char** arguments) {
  try {
    const auto how = bf::on(count > 1 ? arguments[1] : "auto");
    constexpr std::size_t height = 200, width = 300;
    std::vector<float> start(height * width, 0.0f);
    start[height / 2 * width + width / 2] = 1000.0f;
    auto plate = bf::copy_of(start, bf::extents(height, width));
    for (int step = 0; step < 100; ++step) {
      plate = bf::map(
          how,
          [](auto u, auto rate) {
            return u(0, 0) + rate * (u(-1, 0) + u(1, 0) + u(0, -1) + u(0, 1) - 4.0f * u(0, 0));
          },
          bf::window(plate, {1, 1}), 0.2f);  // clamped at the edges: no heat leaves
    }
    const float left = bf::sum(how, plate).value(), hottest = bf::reduce(how, bf::maximum, plate).value();
    // A point of heat q spreads to q / (4 pi rate t) in its middle.
    const float expected = 1000.0f / (4 * 3.14159265f * 0.2f * 100);
    std::cout << "after 100 steps " << left << " is left, the hottest cell has " << hottest
              << "; theory says " << expected << "\n";
    return std::abs(left - 1000.0f) < 0.1f && std::abs(hottest / expected - 1) < 0.01f ? EXIT_SUCCESS
                                                                                       : EXIT_FAILURE;
  } catch (const bf::error& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
  }
}
