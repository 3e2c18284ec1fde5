// Which bytes of a copy are older than the original.
#include "core/stale_ranges.hpp"

#include <algorithm>

namespace busfare::core {

void stale_ranges::add(byte_range r) noexcept {
  if (r.from >= r.to) return;
  // What touches the new range becomes part of it.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    const byte_range each = ranges_[i];
    if (each.to < r.from || r.to < each.from)
      ranges_[kept++] = each;
    else
      r = {std::min(r.from, each.from), std::max(r.to, each.to)};
  }
  std::size_t at = 0;
  while (at < kept && ranges_[at].from < r.from) ++at;
  for (std::size_t i = kept; i > at; --i) ranges_[i] = ranges_[i - 1];
  ranges_[at] = r;
  count_ = kept + 1;
  if (count_ <= most) return;
  std::size_t closest = 0;
  for (std::size_t i = 1; i + 1 < count_; ++i)
    if (ranges_[i + 1].from - ranges_[i].to < ranges_[closest + 1].from - ranges_[closest].to) closest = i;
  ranges_[closest].to = ranges_[closest + 1].to;
  for (std::size_t i = closest + 1; i + 1 < count_; ++i) ranges_[i] = ranges_[i + 1];
  --count_;
}

std::size_t stale_ranges::bytes() const noexcept {
  std::size_t sum = 0;
  for (const byte_range& r : all()) sum += r.to - r.from;
  return sum;
}

}  // namespace busfare::core
