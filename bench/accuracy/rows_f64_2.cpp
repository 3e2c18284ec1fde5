// Every third row of the vocabulary that takes f64.
#include "accuracy/families.hpp"
#include "accuracy/row_sample.hpp"

namespace busfare::accuracy {

void add_f64_2(std::vector<row>& list) { add_rows<double, 1, 3>(list); }

}  // namespace busfare::accuracy
