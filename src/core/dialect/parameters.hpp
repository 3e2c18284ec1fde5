// The parameter list of a kernel, by the convention of backend/executable.hpp.
#pragma once

#include <span>
#include <string>

#include <busfare/backend/executable.hpp>

#include "core/dialect/body.hpp"

namespace busfare::core {

/// "a0", "n1", "r0", ...: declarations and names of a kernel's parameters.
struct parameter_list {
  std::string declared;  ///< without brackets
  std::string passed;  ///< the arguments' names, shapes included, for a call of a helper that reads elements
  std::string received;  ///< declarations that fit `passed`
  body_names names;      ///< how a body reads them at element i
};

parameter_list parameters_of(std::span<const backend::parameter> arguments, std::span<const type> results,
                             const dialect_spec& d);

/// Head, helpers and kernel as one source.
std::string whole_source(const std::string& code, const dialect_spec& d);

}  // namespace busfare::core
