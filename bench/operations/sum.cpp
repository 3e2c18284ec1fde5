// sum: one value out of many by the fixed tree, in f32 and f64.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

template <class T> struct sum_of {
  static auto inputs(std::uint64_t n) { return std::make_tuple(uniform<T>(n, 5, T(0), T(1))); }
  static auto record(const options& how, std::uint64_t, const array<T>& x) {
    return std::make_tuple(sum(how, x));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t, const In& in, const Out& out) {
    const auto& x = std::get<0>(in);
    const auto add = [](T a, T b) { return plus(scalar<T>{a}, scalar<T>{b}).v; };
    long double exact = 0;
    for (const T each : x) exact += static_cast<long double>(each);
    comparison so_far(allowed);
    so_far.bits(0, std::get<0>(out)[0], tree_reduce(x, add));
    so_far.ulp(std::get<0>(out)[0], exact);
    return so_far.result();
  }
};

template <class T> void add(std::vector<operation>& list) {
  list.push_back({"sum", type_of<T>(), "the sum of x by the fixed tree", streaming_quick, streaming_full,
                  streaming_max, per_element(1), per_element(sizeof(T)), per_element(3 * sizeof(T)),
                  make_job<sum_of<T>>});
}

}  // namespace

void add_sum(std::vector<operation>& list) {
  add<float>(list);
  add<double>(list);
}

}  // namespace busfare::bench
