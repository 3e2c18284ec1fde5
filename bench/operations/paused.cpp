// paused: about half a millisecond of work whose every call comes after a pause, as in a program that waits
// for its user. The workers sleep by then: waking them must not cost more than they save. The column of one
// thread is the answer.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

// Steps of the logistic map, each on the one before.
constexpr auto logistic = [](auto x) {
  return busfare::fold(std::int64_t{64}, x, [](auto y, auto) { return 3.7f * y * (1.0f - y); });
};

struct paused_f32 {
  static constexpr std::chrono::milliseconds pause{3};
  static auto inputs(std::uint64_t n) { return std::make_tuple(uniform(n, 16, 0.1f, 0.9f)); }
  static auto record(const options& how, std::uint64_t, const array<float>& x) {
    return std::make_tuple(map(how, logistic, x));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In& in, const Out& out) {
    const auto& x = std::get<0>(in);
    const auto& r = std::get<0>(out);
    comparison so_far(allowed);
    for_sample(n, 4096, [&](std::uint64_t i) { so_far.bits(i, r[i], logistic(scalar<float>{x[i]}).v); });
    return so_far.result();
  }
};

}  // namespace

void add_paused(std::vector<operation>& list) {
  list.push_back({"paused",
                  type::f32,
                  "64 steps of the logistic map, called after pauses of 3 ms",
                  {1u << 16},
                  {1u << 12, 1u << 14, 1u << 16, 1u << 18},
                  std::uint64_t{1} << 32,
                  per_element(3 * 64),
                  per_element(8),
                  per_element(8),
                  make_job<paused_f32>});
}

}  // namespace busfare::bench
