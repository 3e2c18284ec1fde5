// Life and death of arrays and nodes, without recursion: a chain of a million nodes is dropped in flat stack
// space.
#include "core/graph.hpp"

#include <utility>

namespace busfare::core {

lazy_counts& lazy() {
  static auto* const counts = new lazy_counts;  // outlives every static array of the program
  return *counts;
}

node::node() { lazy().recorded.fetch_add(1, std::memory_order_relaxed); }

node::~node() {
  lazy().gone.fetch_add(1, std::memory_order_release);
  if (output_bytes >= large_bytes) lazy().bytes.fetch_sub(output_bytes, std::memory_order_relaxed);
}

namespace {

// Nodes whose destruction was asked for while another node of this thread was being destroyed. A plain
// pointer: it needs no destructor, so it works while the thread's other locals are going away.
thread_local std::vector<std::shared_ptr<node>>* dropping = nullptr;

void drop(std::shared_ptr<node> n) {
  if (dropping != nullptr) {
    dropping->push_back(std::move(n));
    return;
  }
  std::vector<std::shared_ptr<node>> list;
  dropping = &list;
  n.reset();
  while (!list.empty()) {
    std::shared_ptr<node> next = std::move(list.back());
    list.pop_back();
    next.reset();
  }
  dropping = nullptr;
}

}  // namespace
}  // namespace busfare::core

namespace busfare::detail {

array_state::~array_state() {
  for (const core::replica& r : replicas)
    if (!r.foreign) core::release_later(r, r.adopted ? host : nullptr);
  if (producer) core::drop(std::move(producer));
}

}  // namespace busfare::detail
