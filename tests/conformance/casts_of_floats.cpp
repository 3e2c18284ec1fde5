// Casts of floats.
#include "conformance/casts.hpp"

static const bool added = conformance::add_casts<float>("f32") && conformance::add_casts<double>("f64");
