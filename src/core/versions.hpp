// Versions of an array's contents: who may look while somebody writes.
#pragma once

#include <span>
#include <string>

#include "core/fusion.hpp"

namespace busfare::core {

/// What has to run for `wanted`, once no write view is open on anything that it reads. Waits for views of
/// other threads, with the run lock released; throws invalid_argument for a view of this thread, naming
/// `cause` and the line that opened it. The run lock is held.
cone collect_closed(std::span<const detail::array_handle> wanted, const std::string& cause);

/// Waits until no write view is open on `a`, as `collect_closed` does.
void await_closed(const detail::array_handle& a, const std::string& cause);

/// The version of `a` that a write at `line` makes, open for this thread, with no memory yet.
detail::array_handle next_version(const detail::array_state& a, const source_line& line);

/// Whether nobody but the caller's one handle has the state, or a lender its memory: it may be taken over.
bool is_alone(const detail::array_handle& a);
/// Whether nobody else has the array's host memory.
bool has_host_alone(const detail::array_state& a);

/// Gives back the replicas of a version that ends here.
void drop_replicas(detail::array_state& a);
/// The same, but for those that `next` can go on with, which differs from `a` in `part` only.
void hand_on_replicas(detail::array_state& a, detail::array_state& next, byte_range part);

/// "the array of a.cpp:3, written at a.cpp:9 (version 2, its buffer taken over)", for people.
std::string described(const detail::array_state& a);

struct write_counts {
  std::uint64_t taken_over = 0, copied = 0;
};
/// Guarded by the run lock.
write_counts& writes();

}  // namespace busfare::core
