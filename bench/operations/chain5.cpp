// chain5: five maps, recorded one by one, fused into one kernel.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

constexpr auto first = [](auto x) { return x * 2.0f + 1.0f; };
constexpr auto second = [](auto x) { return x * x; };
constexpr auto third = [](auto x) { return x + 0.25f; };
constexpr auto fourth = [](auto x) { return busfare::sqrt(x); };
constexpr auto fifth = [](auto x) { return x * 0.5f - 3.0f; };
constexpr auto all_five = [](auto x) { return fifth(fourth(third(second(first(x))))); };

struct chain5_f32 {
  static auto inputs(std::uint64_t n) { return std::make_tuple(uniform(n, 8, 0.0f, 1.0f)); }
  static auto record(const options& how, std::uint64_t, const array<float>& x) {
    const auto a = map(how, first, x);
    const auto b = map(how, second, a);
    const auto c = map(how, third, b);
    const auto d = map(how, fourth, c);
    return std::make_tuple(map(how, fifth, d));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In& in, const Out& out) {
    const auto& x = std::get<0>(in);
    const auto& r = std::get<0>(out);
    comparison so_far(allowed);
    for (std::uint64_t i = 0; i < n; ++i) {
      so_far.bits(i, r[i], all_five(scalar<float>{x[i]}).v);
      so_far.ulp(r[i], all_five(scalar<double>{x[i]}).v);
    }
    return so_far.result();
  }
};

}  // namespace

void add_chain5(std::vector<operation>& list) {
  list.push_back({"chain5", type::f32, "five maps in a row", streaming_quick, streaming_full, streaming_max,
                  per_element(7), per_element(8), per_element(16), make_job<chain5_f32>});
}

}  // namespace busfare::bench
