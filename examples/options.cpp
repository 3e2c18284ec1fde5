// Prices call options: where will it run, what does the crossing cost, and what did it really cost?
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <vector>

#include <busfare/busfare.hpp>

namespace bf = busfare;

int main() {
  auto call_price = [](auto spot, auto strike, auto years) {
    auto d1 = (bf::log(spot / strike) + 0.06f * years) / (0.2f * bf::sqrt(years));
    auto d2 = d1 - 0.2f * bf::sqrt(years);
    return spot * bf::normal_cdf(d1) - strike * bf::exp(-0.05f * years) * bf::normal_cdf(d2);
  };

  std::vector<float> spots(100000), strikes(100000, 100.0f);
  for (std::size_t i = 0; i < spots.size(); ++i) spots[i] = 90.0f + 0.0002f * static_cast<float>(i);

  auto spot = bf::copy_of(spots), strike = bf::copy_of(strikes);
  bf::array<float> price = bf::map(call_price, spot, strike, 0.5f);  // recorded, not yet run
  bf::array<float> total = bf::sum(price);

  std::cout << bf::quote(total);  // the plan: candidates, predicted times, the reason
  bf::receipt r = bf::run(total);
  std::cout << r << "mean price " << total.value() / 100000 << "\n";

  // At the money, half a year: the textbook's price.
  const float middle = price.host()[50000];
  if (std::abs(middle - 6.89f) > 0.05f) {
    std::cerr << "unexpected price " << middle << "\n";
    return EXIT_FAILURE;
  }
}
