// Everything that the other files misuse, used well: it must compile.
#include <busfare/busfare.hpp>
namespace bf = busfare;

auto use(bf::array<float> x, bf::array<std::uint8_t> bytes, float factor) {
  auto y = bf::map([](auto v, auto f) { return bf::select(v > 0.0f, v, -v) * f; }, x, factor);
  auto z = bf::map(
      [](auto v) {
        return bf::iterate(
            99, v, [](auto s) { return s > 1.0f; }, [](auto s) { return s * 0.5f; });
      },
      y);
  auto w = bf::map([](auto v, auto t) { return t[bf::cast<std::int32_t>(v) % 7]; }, z, bf::whole(bytes));
  auto g = bf::generate(
      bf::extents(3, 4), [](auto i, auto k, auto f) { return bf::cast<float>(i * k) * f; }, 2.0f);
  auto [least, most] =
      bf::map([](auto v, auto b) { return std::make_tuple(bf::min(v, b), bf::max(v, b)); }, x, 1.0f);
  return std::make_tuple(bf::sum(w), bf::argmin(g), bf::reduce(bf::minimum, least),
                         bf::map_reduce([](auto a, auto b) { return a * b; }, bf::plus, x, most));
}
