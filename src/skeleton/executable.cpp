// The skeleton's executable.
#include "skeleton/executable.hpp"

#include <busfare/error.hpp>

namespace busfare::skeleton {

// A backend hands the arguments to its driver in the order of the request's parameters, and after them first,
// count and shape; counts beyond 2^32 are legal.
void executable::run(const backend::launch& how) {
  throw error(error_class::unavailable,
              "the skeleton cannot run " + std::to_string(how.count) + " elements: it drives no device");
}

}  // namespace busfare::skeleton
