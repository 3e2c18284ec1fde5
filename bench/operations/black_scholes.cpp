// black_scholes: prices of European call options; exp, log and normal_cdf.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

constexpr auto call_price = [](auto spot, auto strike, auto years) {
  const auto d1 = (busfare::log(spot / strike) + 0.06f * years) / (0.2f * busfare::sqrt(years));
  const auto d2 = d1 - 0.2f * busfare::sqrt(years);
  return spot * busfare::normal_cdf(d1) - strike * busfare::exp(-0.05f * years) * busfare::normal_cdf(d2);
};

template <class T> auto price(float spot, float strike, float years) {
  return call_price(scalar<T>{spot}, scalar<T>{strike}, scalar<T>{years}).v;
}

struct black_scholes_f32 {
  static auto inputs(std::uint64_t n) {
    return std::make_tuple(uniform(n, 9, 90.0f, 110.0f), uniform(n, 10, 90.0f, 110.0f),
                           uniform(n, 11, 0.5f, 2.0f));
  }
  static auto record(const options& how, std::uint64_t, const array<float>& spot, const array<float>& strike,
                     const array<float>& years) {
    return std::make_tuple(map(how, call_price, spot, strike, years));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In& in, const Out& out) {
    // No structured binding: clang 14 does not capture one.
    const auto &spot = std::get<0>(in), &strike = std::get<1>(in), &years = std::get<2>(in);
    const auto& got = std::get<0>(out);
    comparison so_far(allowed);
    for_sample(n, 65536, [&](std::uint64_t i) {
      so_far.bits(i, got[i], price<float>(spot[i], strike[i], years[i]));
      so_far.ulp(got[i], price<double>(spot[i], strike[i], years[i]));
    });
    return so_far.result();
  }
};

}  // namespace

void add_black_scholes(std::vector<operation>& list) {
  list.push_back({"black_scholes",
                  type::f32,
                  "prices of European calls",
                  {1u << 12, 1u << 16, 1u << 20},
                  {1u << 10, 1u << 12, 1u << 14, 1u << 16, 1u << 18, 1u << 20, 1u << 22, 1u << 24},
                  streaming_max,
                  per_element(0),
                  per_element(16),
                  per_element(32),
                  make_job<black_scholes_f32>});
}

}  // namespace busfare::bench
