// Every row of the vocabulary that takes u32.
#include "accuracy/families.hpp"
#include "accuracy/row_sample.hpp"

namespace busfare::accuracy {

void add_u32(std::vector<row>& list) { add_rows<std::uint32_t>(list); }

}  // namespace busfare::accuracy
