// Every third row of the vocabulary that takes f64.
#include "accuracy/families.hpp"
#include "accuracy/row_sample.hpp"

namespace busfare::accuracy {

void add_f64_1(std::vector<row>& list) { add_rows<double, 0, 3>(list); }

}  // namespace busfare::accuracy
