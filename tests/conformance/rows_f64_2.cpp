// Every third row of the vocabulary that takes f64.
#include "conformance/rows.hpp"

static const bool added = conformance::add_rows<double, 1, 3>("f64");
