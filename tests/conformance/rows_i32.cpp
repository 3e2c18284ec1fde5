// Every row of the vocabulary that takes i32.
#include "conformance/rows.hpp"

static const bool added = conformance::add_rows<std::int32_t>("i32");
