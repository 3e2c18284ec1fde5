// Random numbers: every device draws what the scalar reading draws.
#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

template <class T> struct uniform_kernel {
  auto operator()(auto i) const { return bf::uniform<T>(0x123456789abcdefll, i); }
};
template <class T> struct normal_kernel {
  auto operator()(auto i, auto seed) const { return bf::normal<T>(seed, i, 1); }
};

template <class T> void draws(trial& t) {
  constexpr std::size_t n = 4099;
  std::vector<T> uniforms, normals;
  for (std::size_t i = 0; i < n; ++i) {
    const bf::scalar<std::int64_t> at{static_cast<std::int64_t>(i)};
    uniforms.push_back(uniform_kernel<T>{}(at).v);
    normals.push_back(normal_kernel<T>{}(at, bf::scalar<std::int32_t>{-7}).v);
  }
  t.same("uniform", bf::generate(t.how, bf::extents(n), uniform_kernel<T>{}), uniforms);
  t.same("normal", bf::generate(t.how, bf::extents(n), normal_kernel<T>{}, -7), normals);
}

BUSFARE_CASE(random_f32) { draws<float>(t); }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
BUSFARE_CASE_F64(random_f64) { draws<double>(t); }
#endif

}  // namespace
}  // namespace conformance
