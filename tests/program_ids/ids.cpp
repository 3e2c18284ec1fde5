// Records kernels of every shape and prints the ids of their programs: equal for all compilers, levels and
// runs.
#include <cinttypes>
#include <cstdio>
#include <tuple>
#include <vector>

#include <busfare/busfare.hpp>

#include "core/graph.hpp"

namespace bf = busfare;

template <class T> void print(const char* name, const bf::array<T>& a) {
  const bf::program_id id = bf::detail::handle_of(a)->producer->map->program->id;
  std::printf("%s %016" PRIx64 "%016" PRIx64 "\n", name, id.high, id.low);
}

int main() {
  const auto x = bf::copy_of(std::vector<float>(64, 1.5f)), y = bf::copy_of(std::vector<float>(64, 0.5f));
  const auto n = bf::copy_of(std::vector<std::int32_t>(64, 3));
  const auto small = bf::copy_of(std::vector<std::uint8_t>(64, 3));
  // The order in which operands are evaluated is the compiler's choice: calls on both sides of an operator.
  print("operands",
        bf::map([](auto a, auto b) { return bf::exp(a) * bf::log(b) + bf::exp(b) / bf::sqrt(a); }, x, y));
  print("arguments", bf::map(
                         [](auto a, auto b) {
                           return bf::fma(bf::exp(a), bf::log(b),
                                          bf::select(a < b, bf::floor(a), bf::abs(b)));
                         },
                         x, y));
  print("conversions", bf::map([](auto a, auto b, auto c) { return a * b + c * 2.0; }, x, n, small));
  print("integers",
        bf::map([](auto a, auto b) { return (a << 3) % (b + std::uint8_t{1}) ^ (a >> 1 | ~b); }, n, small));
  print("number", bf::map([](auto a, auto s) { return bf::min(a, s) + bf::max(s, a); }, x, 0.25f));
  print("whole", bf::map([](auto i, auto t) { return t[i - 1] + t[i + 1]; }, n, bf::whole(x)));
  const auto orbit = [](auto a) {
    const auto last = bf::iterate(
        100, bf::state(a, a * 0.5f), [](auto s, auto t) { return s * s + t * t < 4.0f; },
        [=](auto s, auto t) { return bf::state(s * s - t * t + bf::exp(a), 2.0f * s * t + bf::log(a)); });
    return std::make_tuple(std::get<0>(last) + std::get<1>(last), bf::cast<std::int32_t>(a));
  };
  print("iterate", std::get<0>(bf::map(orbit, x)));
  const auto nested = [](auto a) {
    return bf::fold(8, a, [=](auto s, auto i) {
      return s + bf::fold(4, bf::cast<float>(i), [=](auto t, auto j) { return t * a + bf::cast<float>(j); });
    });
  };
  print("fold", bf::map(nested, x));
  print("generate", bf::generate(bf::extents(8, 8), [](auto row, auto column) { return row * 8 + column; }));
}
