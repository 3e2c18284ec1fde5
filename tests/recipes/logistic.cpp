// The operation that operation.sh adds: read as scalars, packs and symbols, and generated. Built by that
// script only.
#include <cstdio>
#include <vector>

#include <busfare/value/map_entries.hpp>

#include "core/dialect/emit.hpp"
#include "support/entries.hpp"
#include "support/exact.hpp"
#include "support/hard_values.hpp"

struct logistic_kernel {
  auto operator()(auto x) const { return busfare::logistic(x); }
};

int main() {
  using namespace busfare;
  int wrong = 0;
  const std::vector<float> x = busfare_test::operands<float>(1, 7, 1000)[0];
  const std::vector<float> packs = busfare_test::run_entry<float>(isa::base, logistic_kernel{}, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float scalars = logistic_kernel{}(scalar<float>{x[i]}).v;
    if (!busfare_test::same(packs[i], scalars)) ++wrong;
    if (!(busfare_test::ulps(scalars, busfare_test::exact<op::logistic>(x[i], 0.0f, 0.0f)) <= 5)) {
      std::printf("%a gave %a\n", static_cast<double>(x[i]), static_cast<double>(scalars));
      ++wrong;
    }
  }
  const backend::parameter argument{backend::parameter_kind::element, type::f32};
  const type stored = type::f32;
  detail::trace_session session({&argument, 1}, source_line::here());
  const detail::symbol_id result = logistic_kernel{}(symbol<float>{session.input(0)}).id;
  const program_ptr p = session.finish({&result, 1}, {&stored, 1});
  for (const char* dialect : {"opencl-cpu", "opencl-gpu", "cuda"}) {
    if (core::emit_map(*p, dialect).source.find("bf_logistic_f32(") == std::string::npos) {
      std::printf("%s has no bf_logistic_f32\n", dialect);
      ++wrong;
    }
  }
  std::printf("%d wrong\n", wrong);
  return wrong != 0;
}
