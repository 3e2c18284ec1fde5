// Every third row of the vocabulary that takes f32.
#include "accuracy/families.hpp"
#include "accuracy/row_sample.hpp"

namespace busfare::accuracy {

void add_f32_2(std::vector<row>& list) { add_rows<float, 1, 3>(list); }

}  // namespace busfare::accuracy
