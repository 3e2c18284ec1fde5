// The same kernel in a second unit, which may be built with other flags than the first.
#include "kernel.hpp"

std::string second_unit();

std::string second_unit() { return consumer::bits_of_curve(consumer::inputs()); }
