// Our functions of f64: see functions.hpp.
#include "functions/ours.hpp"

namespace busfare::functions {

template contender ours(const std::string&, const std::string&, const shared_operands<double>&);

}  // namespace busfare::functions
