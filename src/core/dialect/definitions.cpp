// Definitions as programs: the templates that packs and scalars run, read by symbols.
#include "core/dialect/definitions.hpp"

#include <string>
#include <string_view>

#include <busfare/error.hpp>
#include <busfare/value/definitions.hpp>

namespace busfare::core {

namespace {

template <class T, class F> program_ptr traced(F definition) {
  const type stored = type_of<T>();
  const backend::parameter argument{backend::parameter_kind::element, stored};
  detail::trace_session session({&argument, 1}, source_line::here());
  const value<T, symbol_reading> x{session.input(0)};
  const detail::symbol_id result = definition(x).id;
  return session.finish({&result, 1}, {&stored, 1});
}

template <class T> const program& definition_for(op o) {
  switch (o) {
    case op::exp: {
      static const program_ptr p = traced<T>([](const auto& x) { return detail::exp_definition(x); });
      return *p;
    }
    case op::log: {
      static const program_ptr p = traced<T>([](const auto& x) { return detail::log_definition(x); });
      return *p;
    }
    case op::normal_cdf: {
      static const program_ptr p = traced<T>([](const auto& x) { return detail::normal_cdf_definition(x); });
      return *p;
    }
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

}  // namespace busfare::core
