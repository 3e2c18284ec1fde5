// Every row of the vocabulary that takes u64.
#include "accuracy/families.hpp"
#include "accuracy/row_sample.hpp"

namespace busfare::accuracy {

void add_u64(std::vector<row>& list) { add_rows<std::uint64_t>(list); }

}  // namespace busfare::accuracy
