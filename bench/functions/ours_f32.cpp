// Our functions of f32: see functions.hpp.
#include "functions/ours.hpp"

namespace busfare::functions {

template contender ours(const std::string&, const std::string&, const shared_operands<float>&);

}  // namespace busfare::functions
