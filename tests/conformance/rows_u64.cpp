// Every row of the vocabulary that takes u64.
#include "conformance/rows.hpp"

static const bool added = conformance::add_rows<std::uint64_t>("u64");
