// dot: map and reduce in one pass.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

constexpr auto product = [](auto x, auto y) { return x * y; };

struct dot_f32 {
  static auto inputs(std::uint64_t n) {
    return std::make_tuple(uniform(n, 6, 0.0f, 1.0f), uniform(n, 7, 0.0f, 1.0f));
  }
  static auto record(const options& how, std::uint64_t, const array<float>& x, const array<float>& y) {
    return std::make_tuple(map_reduce(how, product, plus, x, y));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In& in, const Out& out) {
    const auto& [x, y] = in;
    std::vector<float> products(n);
    long double exact = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      products[i] = product(scalar<float>{x[i]}, scalar<float>{y[i]}).v;
      exact += static_cast<long double>(x[i]) * static_cast<long double>(y[i]);
    }
    const auto add = [](float a, float b) { return plus(scalar<float>{a}, scalar<float>{b}).v; };
    comparison so_far(allowed);
    so_far.bits(0, std::get<0>(out)[0], tree_reduce(std::move(products), add));
    so_far.ulp(std::get<0>(out)[0], exact);
    return so_far.result();
  }
};

}  // namespace

void add_dot(std::vector<operation>& list) {
  list.push_back({"dot", type::f32, "the sum of x * y, no intermediate array", streaming_quick,
                  streaming_full, streaming_max, per_element(2), per_element(8), per_element(20),
                  make_job<dot_f32>});
}

}  // namespace busfare::bench
