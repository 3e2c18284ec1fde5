// Every row of the vocabulary that takes i32.
#include "accuracy/families.hpp"
#include "accuracy/row_sample.hpp"

namespace busfare::accuracy {

void add_i32(std::vector<row>& list) { add_rows<std::int32_t>(list); }

}  // namespace busfare::accuracy
