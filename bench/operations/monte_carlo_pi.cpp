// monte_carlo_pi: points of a counter-based generator, counted inside the quarter circle. No inputs, one
// number out.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

// A 32-bit hash: the number with this counter. Any element can be computed alone, on any device.
constexpr auto scramble = [](auto x) {
  const auto a = (x ^ (x >> 16)) * 0x7feb352du;
  const auto b = (a ^ (a >> 15)) * 0x846ca68bu;
  return b ^ (b >> 16);
};
constexpr auto number_at = [](auto i) {
  return scramble(busfare::cast<std::uint32_t>(i) + busfare::cast<std::uint32_t>(i >> 32) * 0x9e3779b9u);
};
constexpr auto is_inside = [](auto x) {
  const auto across = busfare::cast<float>(x >> 8) * 0x1p-24f;
  const auto up = busfare::cast<float>(scramble(x + 0x9e3779b9u) >> 8) * 0x1p-24f;
  return busfare::cast<std::uint32_t>(across * across + up * up < 1.0f);
};

struct pi_f32 {
  static auto inputs(std::uint64_t) { return std::tuple<>{}; }
  static auto record(const options& how, std::uint64_t n) {
    return std::make_tuple(map_reduce(how, is_inside, plus, generate(how, extents(n), number_at)));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In&, const Out& out) {
    std::uint32_t inside = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      inside += is_inside(number_at(scalar<std::int64_t>{static_cast<std::int64_t>(i)})).v;
    }
    comparison so_far(allowed);
    so_far.bits(0, std::get<0>(out)[0], inside);
    return so_far.result();
  }
};

}  // namespace

void add_monte_carlo_pi(std::vector<operation>& list) {
  list.push_back({"monte_carlo_pi",
                  type::f32,
                  "random points inside the quarter circle",
                  {1u << 12, 1u << 16, 1u << 20, 1u << 23},
                  streaming_full,
                  std::uint64_t{1} << 32,
                  per_element(0),
                  per_element(0),
                  per_element(0),
                  make_job<pi_f32>});
}

}  // namespace busfare::bench
