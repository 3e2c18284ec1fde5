// Every row of the vocabulary that takes f64.
#include "conformance/rows.hpp"

static const bool added = conformance::add_rows<double>("f64");
