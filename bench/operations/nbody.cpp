// nbody: the forces of all bodies on each, by a fold over whole arrays; three results.
#include "families.hpp"
#include "job.hpp"
#include "reference.hpp"

namespace busfare::bench {
namespace {

constexpr float softening = 1e-3f;

constexpr auto pull_on = [](auto x, auto y, auto z, auto xs, auto ys, auto zs, auto masses, auto n) {
  return busfare::fold(n, busfare::state(0.0f, 0.0f, 0.0f), [=](auto ax, auto ay, auto az, auto j) {
    const auto dx = xs[j] - x;
    const auto dy = ys[j] - y;
    const auto dz = zs[j] - z;
    const auto inverse = 1.0f / busfare::sqrt(dx * dx + dy * dy + dz * dz + softening);
    const auto pull = masses[j] * inverse * inverse * inverse;
    return busfare::state(ax + dx * pull, ay + dy * pull, az + dz * pull);
  });
};

template <class Bodies> auto scalar_pull(std::uint64_t i, std::uint64_t n, const Bodies& bodies) {
  const auto& [x, y, z, mass] = bodies;
  const auto size = static_cast<std::int64_t>(n);
  using table = busfare::table<float, scalar_reading>;
  return pull_on(scalar<float>{x[i]}, scalar<float>{y[i]}, scalar<float>{z[i]}, table{x.data(), size},
                 table{y.data(), size}, table{z.data(), size}, table{mass.data(), size},
                 scalar<std::int64_t>{size});
}

struct nbody_f32 {
  static auto inputs(std::uint64_t n) {
    return std::make_tuple(uniform(n, 12, -1.0f, 1.0f), uniform(n, 13, -1.0f, 1.0f),
                           uniform(n, 14, -1.0f, 1.0f), uniform(n, 15, 0.5f, 1.5f));
  }
  static auto record(const options& how, std::uint64_t n, const array<float>& x, const array<float>& y,
                     const array<float>& z, const array<float>& mass) {
    return map(how, pull_on, x, y, z, whole(x), whole(y), whole(z), whole(mass),
               static_cast<std::int64_t>(n));
  }
  template <class In, class Out>
  static bench::check check(const tolerance& allowed, std::uint64_t n, const In& in, const Out& out) {
    // No structured binding: clang 14 does not capture one.
    const auto &ax = std::get<0>(out), &ay = std::get<1>(out), &az = std::get<2>(out);
    comparison so_far(allowed);
    for_sample(n, 64, [&](std::uint64_t i) {
      const auto wanted = scalar_pull(i, n, in);
      so_far.bits(i, ax[i], std::get<0>(wanted).v);
      so_far.bits(i, ay[i], std::get<1>(wanted).v);
      so_far.bits(i, az[i], std::get<2>(wanted).v);
    });
    return so_far.result();
  }
};

}  // namespace

void add_nbody(std::vector<operation>& list) {
  list.push_back({"nbody",
                  type::f32,
                  "forces between all pairs of bodies",
                  {1u << 8, 1u << 10, 1u << 12},
                  {1u << 7, 1u << 8, 1u << 9, 1u << 10, 1u << 11, 1u << 12, 1u << 13, 1u << 14, 1u << 15},
                  std::uint64_t{1} << 20,
                  [](std::uint64_t n) { return 20.0 * static_cast<double>(n) * static_cast<double>(n); },
                  per_element(28),
                  per_element(44),
                  make_job<nbody_f32>});
}

}  // namespace busfare::bench
