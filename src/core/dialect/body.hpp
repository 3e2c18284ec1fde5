// The statements of one program, in C.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <busfare/program.hpp>

#include "core/dialect/dialect.hpp"

namespace busfare::core {

class wide_speller;

/// How the surroundings of a body spell what it reads.
struct body_names {
  std::vector<std::string> inputs;  ///< per argument: the expression of what computes
  std::vector<std::string> tables;  ///< per argument: pointer of a table; its size is `sizes`
  std::vector<std::string> sizes;
  std::vector<std::string> index;  ///< per axis; empty: an index node reads i, shape0, shape1 and shape2
};

/// One statement per node, loops nested, values named v0, v1, ... `indent` spaces before each line.
/// `wide`: of the same program and names; its varying nodes become vectors. `only`: by node, what is written;
/// null: all.
std::string body_text(const program& p, const dialect_spec& d, const body_names& names, int indent,
                      const wide_speller* wide = nullptr, const std::vector<char>* only = nullptr);

/// "v<node>", converted to a stored type as a result.
std::string stored_value(const program& p, std::size_t result, type as, const dialect_spec& d);

/// An expression of a stored type as a value of its compute type, and the other way.
std::string loaded_text(type stored, const std::string& expression);
std::string stored_text(type stored, const std::string& value, const dialect_spec& d);

/// Replaces $0 $1 $2 by the operands, $t $T $U by the type's suffix, C name and unsigned C name.
std::string spelled(std::string_view pattern, value_type t, const dialect_spec& d,
                    const std::string (&operands)[3] = {});

}  // namespace busfare::core
