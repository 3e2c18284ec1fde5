// Definitions as programs: the templates that packs and scalars run, read by symbols.
#include "core/dialect/definitions.hpp"

#include <string>
#include <string_view>

#include <busfare/error.hpp>
#include <busfare/value/half.hpp>
#include <busfare/value/math.hpp>

namespace busfare::core {

namespace {

template <class T, class F> program_ptr traced(F definition) {
  const type stored = type_of<T>();
  constexpr bool two = std::is_invocable_v<F, value<T, symbol_reading>, value<T, symbol_reading>>;
  const std::vector<backend::parameter> arguments(two ? 2 : 1, {backend::parameter_kind::element, stored});
  detail::trace_session session(arguments, source_line::here());
  const value<T, symbol_reading> x{session.input(0)};
  detail::symbol_id result;
  if constexpr (two)
    result = definition(x, value<T, symbol_reading>{session.input(1)}).id;
  else
    result = definition(x).id;
  return session.finish({&result, 1}, {&stored, 1});
}

#define BUSFARE_DEFINED_AS(name, arguments, ...)                                                          \
  case op::name: {                                                                                        \
    static const program_ptr p = traced<T>(arguments { return detail::name##_definition(__VA_ARGS__); }); \
    return *p;                                                                                            \
  }
#define BUSFARE_DEFINED(name) BUSFARE_DEFINED_AS(name, [](symbol<T> x), x)
#define BUSFARE_DEFINED_FOR_TWO(name) BUSFARE_DEFINED_AS(name, BUSFARE_OF_TWO, x, y)
#define BUSFARE_OF_TWO [](symbol<T> x, symbol<T> y)

template <class T> const program& definition_for(op o) {
  switch (o) {
    BUSFARE_DEFINED(exp)
    BUSFARE_DEFINED(log)
    BUSFARE_DEFINED(normal_cdf)
    BUSFARE_DEFINED(exp2)
    BUSFARE_DEFINED(expm1)
    BUSFARE_DEFINED(log2)
    BUSFARE_DEFINED(log10)
    BUSFARE_DEFINED(log1p)
    BUSFARE_DEFINED(sin)
    BUSFARE_DEFINED(cos)
    BUSFARE_DEFINED(tan)
    BUSFARE_DEFINED(asin)
    BUSFARE_DEFINED(acos)
    BUSFARE_DEFINED(atan)
    BUSFARE_DEFINED(sinh)
    BUSFARE_DEFINED(cosh)
    BUSFARE_DEFINED(tanh)
    BUSFARE_DEFINED(cbrt)
    BUSFARE_DEFINED(erf)
    BUSFARE_DEFINED(erfc)
    BUSFARE_DEFINED_FOR_TWO(atan2)
    BUSFARE_DEFINED_FOR_TWO(hypot)
    BUSFARE_DEFINED_FOR_TWO(pow)
    default:
      break;
  }
  throw error(error_class::internal, "operation " + std::to_string(static_cast<int>(o)) +
                                         " of the vocabulary has no definition to generate code from");
}

}  // namespace

bool is_defined(op o) noexcept {
  return static_cast<int>(o) < vocabulary_size &&
         std::string_view(vocabulary[static_cast<int>(o)].floats) == "defined";
}

const program& definition_of(op o, value_type t) {
  if (t == value_type::f32) return definition_for<float>(o);
  if (t == value_type::f64) return definition_for<double>(o);
  throw error(error_class::internal, "defined operations take floats");
}

const program& half_rounding() {
  static const program_ptr p = traced<float>([](symbol<float> x) { return detail::half_rounded<false>(x); });
  return *p;
}

}  // namespace busfare::core
