// Every row of the vocabulary that takes u32.
#include "conformance/rows.hpp"

static const bool added = conformance::add_rows<std::uint32_t>("u32");
