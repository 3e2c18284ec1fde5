// The functions that are expressions over rows: the device against the scalar reading and against C++.
#include <algorithm>
#include <cmath>

#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

struct ceil_kernel {
  auto operator()(auto x) const { return bf::ceil(x); }
};
struct trunc_kernel {
  auto operator()(auto x) const { return bf::trunc(x); }
};
struct round_kernel {
  auto operator()(auto x) const { return bf::round(x); }
};
struct sign_kernel {
  auto operator()(auto x) const { return bf::sign(x); }
};
struct rsqrt_kernel {
  auto operator()(auto x) const { return bf::rsqrt(x); }
};
struct clamp_kernel {
  auto operator()(auto x, auto y) const { return bf::clamp(x, -2, y); }
};

template <class F, class T, class Exact> void one(trial& t, const char* name, F f, Exact exact) {
  std::vector<T> x = busfare_test::operands<T>(1, seed(), 3001)[0];
  for (int i = -40; i < 40; ++i) x.push_back(static_cast<T>(i) / 4);
  const bf::array<T> got = bf::map(t.how, f, bf::copy_of(x));
  std::vector<T> want;
  for (const T each : x) want.push_back(scalar_of<F>(each));
  t.same(std::string(name) + " against scalar", got, want);
  for (T& each : x) each = exact(each);
  t.same(std::string(name) + " against C++", got, x);
}

template <class T> void roundings(trial& t) {
  one<ceil_kernel, T>(t, "ceil", {}, [](T x) { return std::ceil(x); });
  one<trunc_kernel, T>(t, "trunc", {}, [](T x) { return std::trunc(x); });
  one<round_kernel, T>(t, "round", {}, [](T x) { return std::round(x); });
  one<sign_kernel, T>(t, "sign", {}, [](T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x; });
}

template <class T> void rsqrt_and_clamp(trial& t) {
  const auto x = busfare_test::operands<T>(2, seed(), 3001);
  const bf::array<T> roots = bf::map(t.how, rsqrt_kernel{}, bf::copy_of(x[0]));
  const bf::array<T> clamped = bf::map(t.how, clamp_kernel{}, bf::copy_of(x[0]), bf::copy_of(x[1]));
  std::vector<T> want_roots, want_clamped, cxx;
  for (std::size_t i = 0; i < x[0].size(); ++i) {
    const T a = x[0][i], b = x[1][i];
    want_roots.push_back(scalar_of<rsqrt_kernel>(a));
    want_clamped.push_back(scalar_of<clamp_kernel>(a, b));
    cxx.push_back(a < T(-2) ? T(-2) : b < a ? b : a);
    const busfare_test::quad exact = 1 / sqrtq(busfare_test::quad(a));
    if (!(busfare_test::ulps(want_roots.back(), exact) <= 2)) t.report("rsqrt at " + std::to_string(a));
  }
  t.same("rsqrt", roots, want_roots);
  t.same("clamp", clamped, want_clamped);
  t.same("clamp against C++", clamped, cxx);
}

BUSFARE_CASE(roundings_f32) { roundings<float>(t); }
BUSFARE_CASE_F64(roundings_f64) { roundings<double>(t); }
BUSFARE_CASE(rsqrt_and_clamp_f32) { rsqrt_and_clamp<float>(t); }
BUSFARE_CASE_F64(rsqrt_and_clamp_f64) { rsqrt_and_clamp<double>(t); }

}  // namespace
}  // namespace conformance
