// Whole arrays inside a kernel: indices are clamped, an empty table reads 0, narrow tables widen.
#include <algorithm>

#include "support/exact.hpp"
#include "support/scalar_of.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

struct look {
  auto operator()(auto i, auto table) const { return table[i]; }
};

template <class T, class I> void look_up(trial& t, const char* what, std::size_t size) {
  const std::vector<T> table = busfare_test::random_values<T>(seed(), size);
  const std::vector<I> index = busfare_test::operands<I>(1, seed(), 2000)[0];
  using C = bf::compute_t<T>;
  std::vector<C> want;
  for (I i : index) {
    // As i64: a u64 beyond it is negative.
    const auto at = static_cast<std::int64_t>(i);
    want.push_back(size == 0 ? C{}
                             : static_cast<C>(table[static_cast<std::size_t>(
                                   std::clamp<std::int64_t>(at, 0, static_cast<std::int64_t>(size) - 1))]));
  }
  t.same(what, bf::map(t.how, look{}, bf::copy_of(index), bf::whole(bf::copy_of(table))), want);
}

BUSFARE_CASE(tables_clamp) {
  look_up<float, std::int32_t>(t, "f32[i32]", 97);
  look_up<std::uint8_t, std::int64_t>(t, "u8[i64]", 256);
  look_up<std::int16_t, std::uint32_t>(t, "i16[u32]", 1);
  look_up<std::uint64_t, std::uint64_t>(t, "u64[u64]", 33);
  look_up<float, std::int32_t>(t, "empty f32", 0);
  look_up<std::int64_t, std::int64_t>(t, "empty i64", 0);
}
BUSFARE_CASE_F64(tables_clamp_f64) { look_up<double, std::int32_t>(t, "f64[i32]", 513); }

// Forces on each body from all: a fold over whole tables, with the same index in all lanes.
struct forces {
  auto operator()(auto x, auto n, auto xs, auto ms) const {
    return bf::fold(n, x * 0.0f, [=](auto f, auto j) {
      const auto d = xs[j] - x;
      return f + ms[j] * d / (d * d + 0.01f);
    });
  }
};

BUSFARE_CASE(tables_in_a_fold) {
  std::vector<float> x, m, want;
  for (int i = 0; i < 130; ++i) {
    x.push_back(static_cast<float>(i * 37 % 131) * 0.125f);
    m.push_back(1.0f + static_cast<float>(i % 5));
  }
  for (float at : x) {
    float f = at * 0.0f;
    for (std::size_t j = 0; j < x.size(); ++j) {
      const float d = x[j] - at, a = m[j] * d, b = d * d, c = b + 0.01f, q = a / c;
      f = f + q;
    }
    want.push_back(f);
  }
  const auto xs = bf::copy_of(x);
  t.same("forces", bf::map(t.how, forces{}, xs, 130, bf::whole(xs), bf::whole(bf::copy_of(m))), want);
}

}  // namespace
}  // namespace conformance
