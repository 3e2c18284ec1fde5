// Every row of the vocabulary that takes i64.
#include "accuracy/families.hpp"
#include "accuracy/row_sample.hpp"

namespace busfare::accuracy {

void add_i64(std::vector<row>& list) { add_rows<std::int64_t>(list); }

}  // namespace busfare::accuracy
