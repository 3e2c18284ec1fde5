// See quick_run.hpp. A whole run of a small map spends microseconds on its plan, its receipt and its trace;
// this spends a table look-up and the launch.
#include "core/quick_run.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "core/check_mode.hpp"
#include "core/executor.hpp"
#include "core/residency.hpp"
#include "core/trace_record.hpp"

namespace busfare::core {
namespace {

static_assert(std::is_trivially_destructible_v<backend::argument>);

constexpr std::size_t most_arguments = 8;
constexpr std::size_t sites = 64;          // a power of two
constexpr unsigned whole_run_every = 256;  // uses
constexpr double quick_seconds = 200e-6;   // longer runs do not feel what a receipt takes
constexpr std::size_t most_elements = std::size_t{1} << 16;

// Where an argument of the kernel's launch comes from: an argument of the node.
struct source {
  bool number = false;
  std::uint8_t argument = 0;
};

struct quick_plan {
  const detail::map_kernel* map = nullptr;
  const detail::fold_kernel* fold = nullptr;
  extents shape;
  options how;
  std::uint64_t pattern = 0;
  std::uint64_t epoch = 0;  // 0: nothing is kept here
  device_slot* slot = nullptr;
  backend::executable* kernel = nullptr;
  std::array<source, most_arguments> from;
  std::size_t inputs = 0;
  unsigned uses = 0;
};

std::atomic<std::uint64_t> epoch = 1;

std::array<quick_plan, sites>& kept() {
  static auto* const k = new std::array<quick_plan, sites>;
  return *k;
}

quick_plan& place_of(const node& n) {
  const auto address =
      reinterpret_cast<std::uintptr_t>(n.map != nullptr ? static_cast<const void*>(n.map) : n.fold);
  std::uint64_t h = (address >> 4) ^ n.shape[0] * 0x9e3779b97f4a7c15u;
  h ^= h >> 32;
  return kept()[static_cast<std::size_t>(h ^ h >> 8) % sites];
}

// Which arguments are the same array and which are single values: equal patterns of one kernel have equal
// parameters. False: some input is not on the host alone.
bool pattern_of(const node& n, std::uint64_t& pattern) {
  if (n.arguments.size() > most_arguments) return false;
  pattern = 0;
  for (std::size_t k = 0; k < n.arguments.size(); ++k) {
    const detail::array_state* const a = n.arguments[k].array.get();
    std::uint64_t first = 15;  // a number
    bool single = false;
    if (a != nullptr) {
      if (!a->on_host.load(std::memory_order_acquire) || a->open.load(std::memory_order_acquire) ||
          !a->replicas.empty())
        return false;
      for (first = 0; n.arguments[first].array.get() != a;) ++first;
      single = a->shape.rank() == 0;
    }
    pattern = pattern << 5 | first << 1 | (single ? 1u : 0u);
  }
  return true;
}

bool is_eligible(const node& n) {
  return n.outputs.size() == 1 && (n.map == nullptr || n.map->native == nullptr) &&
         n.shape.count() <= (n.fold != nullptr ? tree_block : most_elements) && n.shape.count() != 0;
}

}  // namespace

std::uint64_t quick_epoch() noexcept { return epoch.load(std::memory_order_acquire); }

bool run_quickly(const detail::array_handle& a, std::shared_ptr<node>& gone) {
  if (!a->producer || a->host || check_mode() || is_recording_trace()) return false;
  const node& n = *a->producer;
  quick_plan& q = place_of(n);
  if (q.epoch != quick_epoch() || q.map != n.map || q.fold != n.fold || q.shape != n.shape) return false;
  std::uint64_t pattern = 0;
  if (!is_eligible(n) || !pattern_of(n, pattern) || pattern != q.pattern || q.how != n.how) return false;
  if (++q.uses % whole_run_every == 0) return false;
  // Most kernels have two or three: the rest of the room is not even cleared.
  alignas(backend::argument) std::byte room[(most_arguments + 1) * sizeof(backend::argument)];
  auto* const arguments = reinterpret_cast<backend::argument*>(room);
  std::uninitialized_value_construct_n(arguments, q.inputs);
  for (std::size_t k = 0; k < q.inputs; ++k) {
    const detail::map_argument& from = n.arguments[q.from[k].argument];
    if (q.from[k].number) {
      arguments[k].number = from.number;
      continue;
    }
    void* const at = const_cast<void*>(from.array->host.get());
    arguments[k].memory = {at, 0, from.array->bytes, backend::memory_kind::mapped, at};
    arguments[k].size = from.array->shape.count();
  }
  backend::launch l;
  for (int axis = 0; axis < 3; ++axis) l.shape[axis] = n.shape[axis];
  l.count = n.shape.count();
  l.arguments = {arguments, q.inputs + 1};
  try {
    new (arguments + q.inputs) backend::argument{make_room(*q.slot, a)};  // made in place
    q.slot->compute->run_now(*q.kernel, l);
  } catch (const error&) {
    a->host.reset();  // a whole run says what is wrong
    return false;
  }
  a->depth.store(0, std::memory_order_relaxed);
  a->on_host.store(true, std::memory_order_release);
  gone = std::move(a->producer);
  run_counts& all = counts();
  ++all.runs;
  ++all.short_runs;
  ++all.plans_reused;
  ++all.launches;
  return true;
}

void keep_quick(const cone& c, const compiled_plan& made, double predicted_seconds,
                std::uint64_t epoch_before) noexcept {
  if (c.nodes.size() != 1 || made.groups.size() != 1 || made.checked || made.later != nullptr ||
      predicted_seconds > quick_seconds)
    return;
  const node& n = *c.nodes[0].what;
  const group& g = made.groups[0];
  const kernel_form& form = made.forms[0];
  device_slot& slot = *device_list::shared().slots()[static_cast<std::size_t>(made.device[0])];
  quick_plan q;
  if (!slot.is_host() || !is_eligible(n) || !pattern_of(n, q.pattern) || g.results.size() != 1) return;
  options how;
  try {
    how = n.how;
  } catch (const std::bad_alloc&) {
    return;  // the run's results are there all the same
  }
  const auto built = slot.built.peek(form.key);
  if (built == std::as_const(slot.built).end()) return;
  for (const value_ref& v : g.inputs) {
    std::size_t k = 0;
    while (k < n.arguments.size() && !(c.nodes[0].arguments[k] == v)) ++k;
    // One array that is read both as a whole and by elements has two parameters, which the pattern tells.
    if (k == n.arguments.size()) return;
    q.from[q.inputs++] = {false, static_cast<std::uint8_t>(k)};
  }
  for (const group::number_from& each : g.numbers)
    q.from[q.inputs++] = {true, static_cast<std::uint8_t>(each.argument)};
  q.epoch = epoch_before;
  q.map = n.map;
  q.fold = n.fold;
  q.shape = n.shape;
  q.how = std::move(how);
  q.slot = &slot;
  q.kernel = built->second.get();
  place_of(n) = std::move(q);
}

void forget_quick() noexcept { epoch.fetch_add(1, std::memory_order_acq_rel); }

}  // namespace busfare::core
