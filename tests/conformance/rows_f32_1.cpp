// Every third row of the vocabulary that takes f32.
#include "conformance/rows.hpp"

static const bool added = conformance::add_rows<float, 0, 3>("f32");
