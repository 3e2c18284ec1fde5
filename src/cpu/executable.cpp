// Runs a plan over a launch: partition, blocks, fixed tree blocks, streaming.
#include "cpu/executable.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include <busfare/error.hpp>

#include "cpu/base_check.hpp"
#include "cpu/fp_state.hpp"
#include "cpu/processor.hpp"

namespace busfare::cpu {

namespace {

using backend::parameter_kind;

// Parts are multiples of this many elements, or less where an element is known to be dear.
constexpr std::uint64_t part_unit = 16384;
constexpr std::uint64_t smallest_map_part = 64;
// Sharing costs about 3 us with workers awake and pays from twice that; asleep, a wake-up costs ten times
// more.
constexpr double alone_ns_awake = 5e3, alone_ns_asleep = 50e3;
constexpr double clock_ns = 2e3;                // launches shorter than this are not timed again
constexpr std::uint64_t enough_elements = 256;  // to learn from, or:
constexpr std::int64_t enough_ns = 5000;
constexpr double guess_ns = 0.3;  // a simple step of one element, before anything was measured

std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// `n`, up to the next multiple; past 2^64: all there is.
constexpr std::uint64_t whole_grains(std::uint64_t n, std::uint64_t grain) noexcept {
  const std::uint64_t more = (grain - n % grain) % grain;
  return n > UINT64_MAX - more ? UINT64_MAX : n + more;
}

[[noreturn]] void refuse(const std::string& why) {
  error::details d;
  d.device = "cpu";
  throw error(error_class::internal, "launch: " + why, std::move(d));
}

}  // namespace

executable::executable(const backend::build_request& what, isa set)
    : plan_(make_plan(what, set)),
      pool_(pool::thread_pool::shared()),
      scratches_(plan_, pool_.threads()),
      streaming_limit_(this_processor().last_level_cache / 4 * 3),
      checked_(!needs_base_check(plan_)),
      block_checked_(!plan_.folded_comparable),
      ns_per_element_(guess_ns * plan_.weight) {
  frame_.address.resize(plan_.parameters);
  frame_.size.resize(plan_.parameters);
  frame_.shadowed.resize(plan_.parameters);
  frame_.numbers.resize(plan_.numbers.size());
}

std::string_view executable::build_log() const { return {}; }

bool executable::from_cache() const { return true; }

void executable::fill_frame(const backend::launch& how) {
  if (how.arguments.size() != plan_.parameters)
    refuse(std::to_string(how.arguments.size()) + " arguments for " + std::to_string(plan_.parameters) +
           " parameters");
  if (how.first > UINT64_MAX - how.count) refuse("first + count is past 2^64");
  if (how.grain == 0 || how.first % how.grain != 0)
    refuse("element " + std::to_string(how.first) + " is no multiple of grain " + std::to_string(how.grain));
  if (plan_.kind == backend::work::fold && how.first % tree_block != 0)
    refuse("a fold begins at element " + std::to_string(how.first) + ", not at a multiple of the tree block");
  for (std::size_t i = 0; i < plan_.parameters; ++i) {
    const backend::argument& a = how.arguments[i];
    frame_.size[i] = a.size;
    const parameter_kind kind = plan_.slots[i].kind;
    if (kind == parameter_kind::number) continue;
    if (a.memory.handle == nullptr && (kind != parameter_kind::whole || a.size != 0))
      refuse("argument " + std::to_string(i) + " has no memory");
    frame_.address[i] =
        a.memory.handle == nullptr ? nullptr : static_cast<std::byte*>(a.memory.handle) + a.memory.offset;
  }
  for (std::size_t n = 0; n < plan_.numbers.size(); ++n)
    frame_.numbers[n] = how.arguments[static_cast<std::size_t>(plan_.numbers[n])].number;
  std::copy(std::begin(how.shape), std::end(how.shape), std::begin(frame_.shape));
  frame_.first = how.first;
  frame_.count = how.count;
  frame_.grain = how.grain;
  choose_streaming_and_shadows();
}

void executable::choose_streaming_and_shadows() {
  if (frame_.any_shadow) {
    std::fill(frame_.shadowed.begin(), frame_.shadowed.end(), char{0});
    frame_.any_shadow = false;
  }
  for (const hazard& h : plan_.hazards) {
    const auto r = static_cast<std::size_t>(h.result);
    if (frame_.address[r] == frame_.address[static_cast<std::size_t>(h.input)])
      frame_.shadowed[r] = frame_.any_shadow = true;
  }
  frame_.stream = false;
  if (!plan_.streamable || frame_.any_shadow) return;
  std::uint64_t per_element = 0;
  for (std::size_t i = 0; i < plan_.parameters; ++i) per_element += plan_.slots[i].stride;
  if (per_element == 0 || frame_.count <= streaming_limit_ / per_element) return;
  // A line that was read is in the cache already: streaming over it lost up to three quarters of the speed.
  const planned_step& last = plan_.steps.back();
  for (std::size_t o = last.out; o < last.out_end; ++o)
    for (std::size_t i = 0; i < plan_.parameters; ++i)
      if (plan_.slots[i].kind == parameter_kind::element &&
          frame_.address[i] == frame_.address[static_cast<std::size_t>(plan_.out[o])])
        return;
  frame_.stream = true;
}

void executable::run(const backend::launch& how) {
  if (how.count == 0) return;
  fill_frame(how);
  const std::uint64_t end = frame_.first + frame_.count;
  try {
    const bool whole_block = frame_.count >= tree_block;
    if (!checked_ || (!block_checked_ && whole_block)) {
      const fp_state state;
      check_against_base(plan_, frame_);
      checked_ = true;
      block_checked_ = block_checked_ || whole_block;
    }
    std::uint64_t from = frame_.first;
    spent_ns_.store(0, std::memory_order_relaxed);
    if (!measured_) {
      // Nobody knows yet what an element costs: the first block tells, before the rest is split.
      const std::uint64_t unit = plan_.kind == backend::work::fold ? tree_block : chain_block;
      const std::uint64_t n = std::min(whole_grains(unit, frame_.grain), end - from);
      run_range_timed(from, from + n);
      // A handful of quick elements would measure the clock.
      if (n >= enough_elements || spent_ns_.load(std::memory_order_relaxed) > enough_ns) {
        learn(n);
        measured_ = true;
      }
      from += n;
    }
    if (from != end) split(from, end);
  } catch (const std::bad_alloc&) {
    error::details d;
    d.device = "cpu";
    throw error(error_class::out_of_memory,
                "no memory for " + std::to_string(plan_.scratch_bytes) + " bytes of a thread's temporaries",
                std::move(d));
  }
}

void executable::split(std::uint64_t from, std::uint64_t to) {
  const std::uint64_t count = to - from;
  const double predicted = static_cast<double>(count) * ns_per_element_;
  const unsigned threads = pool_.threads();
  if (threads == 1 || predicted < alone_ns_awake || (predicted < alone_ns_asleep && !pool_.awake())) {
    if (predicted < clock_ns) return run_range(from, to);
    spent_ns_.store(0, std::memory_order_relaxed);
    run_range_timed(from, to);
    return learn(count);
  }
  // Four parts per thread even out what one thread loses; sixteen, where workers sleep and come late by tens
  // of microseconds. None is shorter than 5 us of work.
  const std::uint64_t smallest = plan_.kind == backend::work::fold ? tree_block : smallest_map_part;
  std::uint64_t unit = part_unit;
  while (unit > smallest && static_cast<double>(unit / 2) * ns_per_element_ >= alone_ns_awake) unit /= 2;
  const std::uint64_t most = (pool_.awake() ? 4 : 16) * std::uint64_t{threads};
  const std::uint64_t part = whole_grains(((count - 1) / most / unit + 1) * unit, frame_.grain);
  spent_ns_.store(0, std::memory_order_relaxed);
  pool_.for_each_part(static_cast<std::int64_t>((count - 1) / part + 1), [&](std::int64_t i) {
    const std::uint64_t at = from + static_cast<std::uint64_t>(i) * part;
    run_range_timed(at, at + std::min(part, to - at));
  });
  learn(count);
}

// A smoothed rate: one preempted launch does not decide the next one's partition.
void executable::learn(std::uint64_t elements) noexcept {
  const double seen =
      static_cast<double>(spent_ns_.load(std::memory_order_relaxed)) / static_cast<double>(elements);
  ns_per_element_ = measured_ ? (ns_per_element_ + seen) / 2 : seen;
}

void executable::run_range_timed(std::uint64_t from, std::uint64_t to) {
  const std::int64_t start = now_ns();
  run_range(from, to);
  spent_ns_.fetch_add(now_ns() - start, std::memory_order_relaxed);
}

void executable::run_range(std::uint64_t from, std::uint64_t to) {
  const scratch_set::lease lease(scratches_);
  const fp_state state;
  bind(lease.get());
  if (plan_.kind == backend::work::fold)
    fold_range(lease.get(), from, to);
  else
    map_range(lease.get(), from, to);
}

}  // namespace busfare::cpu
