// xsimd's packs, as its user would write the loop. Built with -O3 -march=native.
#include <stdexcept>
#include <xsimd/xsimd.hpp>

#include "functions/functions.hpp"

namespace busfare::functions {
namespace {

// What xsimd has no function of its own for: the tail of the normal distribution; and the reciprocal root,
// since xsimd::rsqrt gives the processor's estimate of 12 bits.
namespace pack {
using namespace xsimd;
template <class B> B normal_cdf(const B& x) {
  using T = typename B::value_type;
  return B(T(0.5)) * xsimd::erfc(x * B(T(-0.70710678118654752440)));
}
template <class B> B rsqrt(const B& x) { return B(typename B::value_type(1)) / xsimd::sqrt(x); }
}  // namespace pack

template <class T> using room = std::vector<T, xsimd::default_allocator<T>>;

template <class T, class F> contender looped(std::string who, const shared_operands<T>& x, F f) {
  struct state {
    room<T> a, b, y;
  };
  const auto s = std::make_shared<state>();
  s->a.assign(x->a.begin(), x->a.end());
  s->b.assign(x->b.begin(), x->b.end());
  s->y.resize(s->a.size());
  contender c;
  c.name = "xsimd " + std::move(who);
  c.run = [s, f] {
    using batch = xsimd::batch<T>;
    const T *a = s->a.data(), *b = s->b.data();
    T* y = s->y.data();
    const std::size_t n = s->y.size();  // a multiple of every batch: main.cpp sees to it
    for (std::size_t i = 0; i < n; i += batch::size) f(a, b, i).store_aligned(y + i);
  };
  c.result = [s] { return std::vector<double>(s->y.begin(), s->y.end()); };
  return c;
}

std::string spelled(const std::string& name) {
  if (name == "rsqrt") return "1 / sqrt";
  return name == "normal_cdf" ? "0.5 erfc(-x / sqrt 2)" : name;
}

}  // namespace

const char* packs_instruction_set() { return xsimd::default_arch::name(); }

template <class T> contender packs(const std::string& name, const shared_operands<T>& x) {
  using batch = xsimd::batch<T>;
#define ONE(function, low, high)                                              \
  if (name == #function)                                                      \
    return looped(spelled(name), x, [](const T* a, const T*, std::size_t i) { \
      return pack::function(batch::load_aligned(a + i));                      \
    });
#define TWO(function, low, high, low2, high2)                                        \
  if (name == #function)                                                             \
    return looped(spelled(name), x, [](const T* a, const T* b, std::size_t i) {      \
      return pack::function(batch::load_aligned(a + i), batch::load_aligned(b + i)); \
    });
#include "functions/functions.def"
#undef ONE
#undef TWO
  throw std::invalid_argument("no function is called " + name);
}

template contender packs(const std::string&, const shared_operands<float>&);
template contender packs(const std::string&, const shared_operands<double>&);

}  // namespace busfare::functions
