// Folds for CPUs: the lanes of the tree lie in vectors.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <busfare/program.hpp>

#include "core/dialect/dialect.hpp"
#include "core/dialect/parameters.hpp"

namespace busfare::core {

/// Elements of one vector, a divisor of the tree's lanes; 0 where the fold is not written in vectors.
unsigned fold_vector(const program* element, const program& operation, std::span<const type> components,
                     const dialect_spec& d);

/// The functions `fold_elements` and `fold_combines`: what `fold_element` and `fold_combine` are, of vectors.
/// The first one calls `fold_element` where its elements are not neighbours of one row's interior.
std::string fold_functions_of_vectors(const program* element, const program& operation,
                                      std::span<const type> components, const dialect_spec& d,
                                      const parameter_list& l, unsigned vector);

/// The statements that fold all whole rows of tree lanes into c0, c1, ...; $L, $passed and $u64 are left.
std::string rows_of_vectors(const program* element, const program& operation,
                            std::span<const type> components, const dialect_spec& d, unsigned vector,
                            unsigned lanes);

}  // namespace busfare::core
