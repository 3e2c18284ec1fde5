// A range of elements, shared out to threads.
#pragma once

#include <cstddef>
#include <functional>

namespace busfare::accuracy {

/// f(part, begin, end) for consecutive parts that cover [0, n), each in a thread of its own; returns when all
/// have. At most `threads` parts, numbered from 0. `f` must not throw.
void in_parts(std::size_t n, int threads, const std::function<void(int, std::size_t, std::size_t)>& f);

}  // namespace busfare::accuracy
