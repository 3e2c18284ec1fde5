// The last step of recording: outputs, and the bounds of laziness.
#include "core/recording.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <unistd.h>
#include <utility>

#include "core/runtime.hpp"

namespace busfare::core {
namespace {

// Bounds of laziness; ../docs/architecture.md says why there are three.
constexpr std::uint32_t depth_limit = 64;
constexpr std::uint64_t count_limit = 256;

std::uint64_t bytes_limit() {
  static const std::uint64_t limit = [] {
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
    return pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) / 4
                                 : std::uint64_t{1} << 30;
  }();
  return limit;
}

}  // namespace

std::shared_ptr<node> map_node(const detail::map_kernel& kernel, const options& how, source_line line,
                               const extents& shape, std::span<detail::map_argument> arguments) {
  auto n = std::make_shared<node>();
  n->map = &kernel;
  n->how = how;
  n->line = line;
  n->shape = shape;
  for (detail::map_argument& each : arguments) n->arguments.push_back(std::move(each));
  n->output_types = kernel.program->stored;
  return n;
}

void finish_recording(std::shared_ptr<node> n, std::span<detail::array_handle> results,
                      const extents& shape) {
  std::uint32_t depth = 0;
  for (const detail::map_argument& a : n->arguments) {
    if (a.array) depth = std::max(depth, a.array->depth.load(std::memory_order_relaxed));
  }
  const std::uint32_t this_depth = n->depth = depth + 1;
  std::uint64_t bytes = 0;
  for (std::size_t k = 0; k < results.size(); ++k) {
    auto state = std::make_shared<detail::array_state>(n->output_types[k], shape, n->line);
    state->depth.store(this_depth, std::memory_order_relaxed);
    n->outputs.push_back(state);
    bytes += state->bytes;
    results[k] = std::move(state);
  }
  n->output_bytes = bytes;
  lazy_counts& waiting = lazy();
  if (bytes >= large_bytes) waiting.bytes.fetch_add(bytes, std::memory_order_relaxed);
  for (std::size_t k = 1; k < results.size(); ++k) results[k]->producer = n;
  results[0]->producer = std::move(n);
  if (eager()) {
    run_forced(results, forced::eager, results[0]->line);
  } else if (this_depth >= depth_limit) {
    run_forced(results, forced::depth, results[0]->line);
  } else if (waiting.nodes() > count_limit) {
    run_forced(results, forced::count, results[0]->line);
  } else if (waiting.bytes.load(std::memory_order_relaxed) > bytes_limit()) {
    run_forced(results, forced::bytes, results[0]->line);
  }
}

std::string extents_text(const extents& e) {
  if (e.rank() == 0) return "one value";
  std::string s = std::to_string(e[0]);
  for (int axis = 1; axis < e.rank(); ++axis) s += " x " + std::to_string(e[axis]);
  return s;
}

}  // namespace busfare::core
