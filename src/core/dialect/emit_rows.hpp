// Maps for CPUs: a work item walks along the rows of its share, several elements at a time.
#pragma once

#include <cstddef>
#include <string>

#include <busfare/program.hpp>

#include "core/dialect/dialect.hpp"
#include "core/dialect/parameters.hpp"

namespace busfare::core {

/// Whether a CPU's driver would make no vectors of its own of this program, or none that store past the
/// caches where that pays. `long_text`: nodes above which it makes poor ones.
bool worth_vectors(const program& p, std::size_t long_text);

/// Whether the text of its rows has an end that stores past the caches: each vector of a result is a line.
bool may_stream(const program& p);

/// The statements of the kernel, for any number of items. Each takes an equal share, whole vectors of `lanes`
/// elements. Ends of rows, and what fails the plan's checks, are computed one by one.
std::string row_map(const program& p, const dialect_spec& d, const parameter_list& l, unsigned lanes);

}  // namespace busfare::core
