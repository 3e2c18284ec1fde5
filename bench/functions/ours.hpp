// Our side: one kernel per function. A unit per type includes it, since each compiles all of them.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>

#include <busfare/busfare.hpp>

#include "functions/functions.hpp"

namespace busfare::functions {

namespace bf = busfare;

/// Keeps the last result of what `record` makes anew; its buffer is given back before the next one is
/// recorded. With `kernel_clock` the time is that of the receipts' kernels.
template <class T, class Record> contender recorded(std::string who, bool kernel_clock, Record record) {
  struct state {
    std::optional<bf::array<T>> last;
    double kernels = 0;
  };
  const auto s = std::make_shared<state>();
  contender c;
  c.name = std::move(who);
  c.run = [s, record] {
    s->last.reset();
    s->last = record();
    s->kernels += bf::run(*s->last).measured.kernel;
  };
  c.result = [s] {
    const auto host = s->last->host();
    return std::vector<double>(host.begin(), host.end());
  };
  if (kernel_clock) c.clock = [s] { return s->kernels; };
  return c;
}

template <class T>
contender ours(const std::string& name, const std::string& device, const shared_operands<T>& x) {
  const auto a = bf::copy_of(x->a), b = bf::copy_of(x->b);
  const auto made = [&](const auto& kernel, const auto&... in) {
    return recorded<T>("busfare", device != "cpu",
                       [how = bf::on(device), kernel, in...] { return bf::map(how, kernel, in...); });
  };
#define ONE(function, low, high) \
  if (name == #function) return made([](auto p) { return bf::function(p); }, a);
#define TWO(function, low, high, low2, high2) \
  if (name == #function) return made([](auto p, auto q) { return bf::function(p, q); }, a, b);
#include "functions/functions.def"
#undef ONE
#undef TWO
  throw std::invalid_argument("no function is called " + name);
}

}  // namespace busfare::functions
