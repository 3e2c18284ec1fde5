// The skeleton's event.
#include "skeleton/event.hpp"

namespace busfare::skeleton {

// A backend asks its driver here, and throws the classified error of the work that failed.
bool event::done() { return true; }

bool event::wait(std::chrono::nanoseconds) { return done(); }

std::optional<backend::span_ns> event::times() { return times_; }

}  // namespace busfare::skeleton
