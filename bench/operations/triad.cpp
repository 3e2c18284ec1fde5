// triad: a = b + s * c, the classic of memory bandwidth, in f32 and f64.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

constexpr auto triad = [](auto b, auto c, auto s) { return b + s * c; };

template <class T> struct triad_of {
  static constexpr T factor = T(3) / T(7);
  static auto inputs(std::uint64_t n) {
    return std::make_tuple(uniform<T>(n, 1, T(-1), T(1)), uniform<T>(n, 2, T(-1), T(1)));
  }
  static auto record(const options& how, std::uint64_t, const array<T>& b, const array<T>& c) {
    return std::make_tuple(map(how, triad, b, c, factor));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In& in, const Out& out) {
    const auto& [b, c] = in;
    const auto& [a] = out;
    comparison so_far(allowed);
    for (std::uint64_t i = 0; i < n; ++i) {
      so_far.bits(i, a[i], triad(scalar<T>{b[i]}, scalar<T>{c[i]}, scalar<T>{factor}).v);
      // In wider arithmetic the product is exact, so only the roundings of T are left. Cancellation may leave
      // few bits of the result: the distance is counted at the larger operand.
      const long double exact =
          static_cast<long double>(b[i]) + static_cast<long double>(factor) * static_cast<long double>(c[i]);
      if (std::abs(exact) * 2 >= std::abs(static_cast<long double>(b[i]))) so_far.ulp(a[i], exact);
    }
    return so_far.result();
  }
};

template <class T> void add(std::vector<operation>& list) {
  std::vector<std::uint64_t> quick = streaming_quick;
  if (sizeof(T) == 8) quick.back() /= 2;
  list.push_back({"triad", type_of<T>(), "a = b + s * c", quick, streaming_full, streaming_max,
                  per_element(2), per_element(3 * sizeof(T)), per_element(6 * sizeof(T)),
                  make_job<triad_of<T>>});
}

}  // namespace

void add_triad(std::vector<operation>& list) {
  add<float>(list);
  add<double>(list);
}

}  // namespace busfare::bench
