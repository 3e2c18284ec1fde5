// Every row of the vocabulary that takes i64.
#include "conformance/rows.hpp"

static const bool added = conformance::add_rows<std::int64_t>("i64");
