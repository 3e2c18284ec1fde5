// The smallest useful program: a * x + y, on the device named on the command line or the best one.
#include <cstdlib>
#include <iostream>
#include <vector>

#include <busfare/busfare.hpp>

namespace bf = busfare;

int main(int count, char** arguments) {
  try {
    const auto x = bf::copy_of(std::vector<float>(1000000, 2.0f));
    const auto y = bf::copy_of(std::vector<float>(1000000, 1.0f));
    const auto how = bf::on(count > 1 ? arguments[1] : "auto");
    const auto r = bf::map(
        how, [](auto a, auto u, auto v) { return a * u + v; }, 3.0f, x, y);
    for (const float each : r.host()) {
      if (each != 7.0f) return EXIT_FAILURE;
    }
    std::cout << "1000000 times 3 * 2 + 1 = " << r.host()[0] << "\n";
  } catch (const bf::error& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
  }
}
