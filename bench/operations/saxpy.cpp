// saxpy: a * x + y.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

constexpr auto saxpy = [](auto a, auto x, auto y) { return a * x + y; };

struct saxpy_f32 {
  static constexpr float factor = 1.5f;
  static auto inputs(std::uint64_t n) {
    return std::make_tuple(uniform(n, 3, 0.0f, 1.0f), uniform(n, 4, 0.0f, 1.0f));
  }
  static auto record(const options& how, std::uint64_t, const array<float>& x, const array<float>& y) {
    return std::make_tuple(map(how, saxpy, factor, x, y));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In& in, const Out& out) {
    const auto& [x, y] = in;
    const auto& [r] = out;
    comparison so_far(allowed);
    for (std::uint64_t i = 0; i < n; ++i) {
      so_far.bits(i, r[i], saxpy(scalar<float>{factor}, scalar<float>{x[i]}, scalar<float>{y[i]}).v);
      so_far.ulp(r[i], saxpy(scalar<double>{factor}, scalar<double>{x[i]}, scalar<double>{y[i]}).v);
    }
    return so_far.result();
  }
};

}  // namespace

void add_saxpy(std::vector<operation>& list) {
  list.push_back({"saxpy", type::f32, "a * x + y", streaming_quick, streaming_full, streaming_max,
                  per_element(2), per_element(12), per_element(24), make_job<saxpy_f32>});
}

}  // namespace busfare::bench
