// Casts of integers.
#include "conformance/casts.hpp"

static const bool added =
    conformance::add_casts<std::int32_t>("i32") && conformance::add_casts<std::uint32_t>("u32") &&
    conformance::add_casts<std::int64_t>("i64") && conformance::add_casts<std::uint64_t>("u64");
